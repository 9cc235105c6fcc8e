import { sha256 } from '../../canonical/digest';
import { RunningDigest } from '../../canonical/running-digest';
import type { UnheldFile } from '../../evidence/bundle/bundle-files';
import { logFiles, type LogFile } from '../../evidence/records/log-files';
import type { RunFacts } from '../../evidence/records/run-facts';
import { streamsOf, type LogStream } from '../../evidence/records/run-evidence';
import { secretNotice } from '../../evidence/records/withheld';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { LogStore, NumberedChunk, SealableLogStore } from '../../ports/runs/log-store';
import type { Redactor } from '../../secret/redactor';
import { DocumentAltered, type Alteration } from '../../stored/document-altered';

/** Limit 1 MiB: the database driver holds several copies of an answer while it reads it. */
const CHUNKS_AT_ONCE = 16;

/** The log of an ended run after reading it once. */
interface EndedLog {
  /** Chunks in the order of their lines. */
  readonly chunks: readonly Omit<NumberedChunk, 'data'>[];
  /** Log streams. A stream that is not held and in which a secret was found is a notice. */
  readonly streams: readonly LogStream[];
}

/**
 * Reads the log of a run. Streams that the journal names are held in memory up to `heldBytes` in all. The others are hashed and scanned
 * while they are read, so that memory does not grow with them.
 */
export async function readEndedLog(
  logs: LogStore,
  { tenant, run, facts }: { readonly tenant: TenantId; readonly run: RunId; readonly facts: RunFacts },
  redactor: Redactor,
  heldBytes: number,
): Promise<EndedLog> {
  const unheld = new Map<string, LogFile>();
  const named = new Map<string, Digest>();
  let [room, left] = [heldBytes, 0];
  for (const file of logFiles(facts)) {
    left += file.chunks.length;
    for (const chunk of file.chunks) named.set(chunkKey(chunk), chunk.sha256);
    const size = file.chunks.reduce((sum, { bytes }) => sum + bytes, 0);
    if (size <= room) room -= size;
    else unheld.set(keyOf(file), file);
  }
  const passing = new Map<string, PassingStream>();
  const passed: LogStream[] = [];
  const chunks: Omit<NumberedChunk, 'data'>[] = [];
  const held: NumberedChunk[] = [];
  // Reads no more chunks than the journal numbers. A run without output needs no query.
  for (let after = 0; left > 0;) {
    const page = await logs.read(tenant, run, after, Math.min(left, CHUNKS_AT_ONCE));
    left -= page.length;
    const last = page.at(-1);
    if (!last) break;
    for (const chunk of page) {
      const { data, ...rest } = chunk;
      compareChunk({ tenant, runId: run }, chunk, named.get(chunkKey(chunk)));
      chunks.push(rest);
      const key = keyOf(chunk);
      const file = unheld.get(key);
      if (!file) {
        held.push(chunk);
        continue;
      }
      const stream = passing.get(key) ?? new PassingStream(file, redactor);
      stream.add(data);
      passing.set(key, stream);
      // As soon as a stream is complete, since a map may have a hundred thousand of them.
      if (chunk.chunk === file.chunks.length - 1 && passing.delete(key)) passed.push(stream.end());
    }
    after = last.firstLine + last.lines - 1;
  }
  return { chunks, streams: [...streamsOf(held), ...passed] };
}

/** Reads the bytes of a file that is not held again from their source. Throws `OBJECT_DIGEST_MISMATCH` if they have changed. */
export async function* piecesOf(
  logs: SealableLogStore,
  { tenant, run }: { readonly tenant: TenantId; readonly run: RunId },
  file: UnheldFile,
): AsyncGenerator<Uint8Array> {
  const digest = new RunningDigest();
  for (let first = 0; first < file.chunks; first += CHUNKS_AT_ONCE) {
    const last = Math.min(first + CHUNKS_AT_ONCE, file.chunks) - 1;
    for (const piece of await logs.bytes(tenant, run, file, first, last)) {
      digest.add(piece);
      yield piece;
    }
  }
  if (digest.end() === file.sha256) return;
  throw new CodedError(
    'OBJECT_DIGEST_MISMATCH',
    `${file.path} has changed while it was sealed`,
    'Find out which process changed the rows of the ended run. The seal is retried with the current rows.',
  );
}

/** Throws `DocumentAltered` if a chunk differs from the numbered one. */
function compareChunk(
  of: Pick<Alteration, 'tenant' | 'runId'>,
  { step, execution, chunk, data }: NumberedChunk,
  expected: Digest | undefined,
): void {
  const found = sha256(data);
  if (found === expected) return;
  const what = `chunk ${chunk} of the log of ${step}, execution ${execution}`;
  throw new DocumentAltered({ ...of, document: 'log', what, expected: expected ?? 'none in the journal', found });
}

function chunkKey({ step, execution, chunk }: Pick<NumberedChunk, 'step' | 'execution' | 'chunk'>): string {
  return `${execution} ${chunk} ${step}`;
}

function keyOf({ step, execution }: Pick<LogFile, 'step' | 'execution'>): string {
  return `${execution} ${step}`;
}

/** A stream that is being read. */
class PassingStream {
  private readonly digest = new RunningDigest();
  private readonly scan;

  constructor(
    private readonly file: LogFile,
    redactor: Redactor,
  ) {
    this.scan = redactor.scan();
  }

  add(piece: Uint8Array): void {
    this.digest.add(piece);
    this.scan.push(piece);
  }

  end(): LogStream {
    const { step, execution, path } = this.file;
    const seen = { size: this.digest.size, sha256: this.digest.end() };
    return { step, execution, data: this.scan.found ? secretNotice(path) : seen };
  }
}
