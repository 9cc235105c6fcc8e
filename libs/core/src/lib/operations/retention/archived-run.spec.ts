import { sha256 } from '../../canonical/digest';
import { sampleRun } from '../../../testing/sample-evidence';
import type { Sample } from '../../../testing/sample-signing';
import { LogRows, sampleChunks } from '../../../testing/sample-log';
import {
  archiveOf,
  statementParts,
  type BundlePart,
  type RunArchive,
  type StatementParts,
} from '../../evidence/bundle/archive';
import { bundleFiles, type BundleFile } from '../../evidence/bundle/bundle-files';
import { readEvidence } from '../../evidence/records/evidence-documents';
import { withholdSecrets } from '../../evidence/records/withheld';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import { Archives } from '../../ports/evidence/archives';
import type { LogStore, NumberedChunk } from '../../ports/runs/log-store';
import type { ByteRange, ObjectStore } from '../../ports/objects/object-store';
import { ArchivedLogStore, archivedJournal, archivedStatements } from './archived-run';

const TENANT = 'acme' as TenantId;
const RUN = 'run_x' as RunId;
const OF = { tenant: TENANT, run: RUN };
const NO_ATTESTATIONS = { packRun: [], provenance: null };

/** A bundle in small: the files one after the other, with something between them. */
function packed(files: readonly BundleFile[]): {
  readonly bytes: Buffer;
  readonly offsets: ReadonlyMap<string, number>;
} {
  const offsets = new Map<string, number>();
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { path, bytes } of files) {
    parts.push(Buffer.from(`<${path}>`), bytes);
    offsets.set(path, at + Buffer.byteLength(`<${path}>`));
    at += Buffer.byteLength(`<${path}>`) + bytes.length;
  }
  return { bytes: Buffer.concat(parts), offsets };
}

class StoredArchives extends Archives {
  constructor(
    private readonly archive: RunArchive | null,
    private readonly bundle: Digest,
    private readonly rowChunks: number,
  ) {
    super();
  }

  async chunks(_tenant: TenantId, _run: RunId, afterLine: number) {
    if (this.archive === null) return null;
    const left = this.archive.chunks.filter(({ firstLine, lines }) => firstLine + lines - 1 > afterLine);
    return { bundle: this.bundle, chunks: left.slice(0, this.rowChunks) };
  }

  async journal() {
    return this.archive && { bundle: this.bundle, part: this.archive.journal };
  }
}

/** A whole object, which its store hashes. */
function whole(bytes: Buffer, digest: Digest): readonly Uint8Array[] {
  if (sha256(bytes) !== digest) throw new CodedError('OBJECT_DIGEST_MISMATCH', 'altered', 'Restore it.');
  return [bytes];
}

let sample: Sample;
beforeAll(async () => {
  sample = await sampleRun({ regions: 5 });
});

function opened(documents = readEvidence(sample.evidence), rowChunks = 3, change = (bytes: Buffer) => bytes) {
  const { files } = bundleFiles(documents, NO_ATTESTATIONS);
  const { bytes, offsets } = packed(files);
  const rows = sampleChunks(sample);
  const archive = archiveOf(documents, files, rows, offsets);
  const stored = change(Buffer.from(bytes));
  const ranges: ByteRange[] = [];
  const objects = {
    async open(_tenant: TenantId, digest: Digest, range?: ByteRange) {
      if (range === undefined) return whole(stored, digest);
      ranges.push(range);
      if (range.first >= stored.length) throw new CodedError('OBJECT_RANGE', 'outside of the object', 'Ask for less.');
      return (async function* () {
        yield stored.subarray(range.first, Math.min(range.first + 7, range.last + 1));
        yield stored.subarray(range.first + 7, range.last + 1);
      })();
    },
  } as unknown as ObjectStore;
  const dependencies = { archives: new StoredArchives(archive, sha256(bytes), rowChunks), objects };
  return { dependencies, rows, archive, files, ranges, store: new ArchivedLogStore(new LogRows([]), dependencies) };
}

async function readAll(store: LogStore, after = 0, limit = 4): Promise<readonly NumberedChunk[]> {
  const all: NumberedChunk[] = [];
  for (;;) {
    const chunks = await store.read(TENANT, RUN, after, limit);
    const last = chunks.at(-1);
    if (!last) return all;
    all.push(...chunks);
    after = last.firstLine + last.lines - 1;
  }
}

const plain = (chunks: readonly NumberedChunk[]) =>
  chunks.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data).toString() }));

describe('the log of a sealed run', () => {
  it('is the same from its archive as from its rows, from every line on, byte for byte', async () => {
    const { store, rows } = opened();
    expect(rows.length).toBeGreaterThan(5);
    for (let after = 0; after < (rows.at(-1)?.firstLine ?? 0); after++) {
      const live = await readAll(new LogRows(rows), after);
      expect(plain(await readAll(store, after))).toEqual(plain(live));
    }
  });

  it('goes on from the archive where its rows went while it was read', async () => {
    const { dependencies, rows } = opened();
    const live = new LogRows(rows);
    const store = new ArchivedLogStore(live, dependencies);
    const [first] = await store.read(TENANT, RUN, 0, 1);
    live.chunks = [];
    const rest = await readAll(store, (first?.firstLine ?? 0) + (first?.lines ?? 0) - 1);
    expect(plain([first as NumberedChunk, ...rest])).toEqual(plain(rows));
  });

  it('reads chunks that lie together at once', async () => {
    const { store, ranges, rows } = opened(undefined, 1_000);
    expect(await store.read(TENANT, RUN, 0, 1_000)).toHaveLength(rows.length);
    expect(ranges.length).toBeLessThanOrEqual(new Set(rows.map(({ step }) => step)).size);
  });

  it('is refused where the stored bytes are others', async () => {
    const { archive } = opened();
    const place = archive.chunks[2]?.part?.offset ?? 0;
    const { store } = opened(undefined, 3, (bytes) => {
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      return bytes;
    });
    await expect(readAll(store)).rejects.toMatchObject({ code: 'OBJECT_DIGEST_MISMATCH' });
  });

  it.each<[string, Partial<BundlePart>]>([
    ['at another place', { offset: 3 }],
    ['behind the end of the bundle', { offset: 2 ** 40 }],
    ['before its beginning', { offset: -1 }],
    ['at a place that is none', { offset: '7' as never }],
    ['of another digest', { sha256: sha256('evil') }],
    ['of no digest', { sha256: null as never }],
    ['of more bytes', { size: 2 ** 40 }],
    ['of no bytes', { size: 0 }],
  ])('and its journal are altered if their rows say that they are %s', async (_what, change) => {
    const { dependencies, archive, store } = opened(undefined, 1);
    Object.assign(archive.chunks[0]?.part ?? {}, change);
    Object.assign(archive.journal, change);
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId: RUN, document: 'evidence' } };
    await expect(store.read(TENANT, RUN, 0, 1)).rejects.toMatchObject(altered);
    await expect(archivedJournal(dependencies, TENANT, RUN)).rejects.toMatchObject(altered);
  });

  it('goes on from the archive where some of its rows are missing', async () => {
    const { dependencies, rows } = opened();
    const store = new ArchivedLogStore(new LogRows(rows.slice(2)), dependencies);
    expect(plain(await readAll(store))).toEqual(plain(rows));
  });

  it('has as many lines where its bundle withholds a stream', async () => {
    const documents = readEvidence(
      withholdSecrets(sample.evidence, (bytes) => Buffer.from(bytes).includes('hello from scan')),
    );
    const { store, rows } = opened(documents);
    const read = plain(await readAll(store));
    expect(read.map(({ firstLine, lines }) => [firstLine, lines])).toEqual(
      rows.map(({ firstLine, lines }) => [firstLine, lines]),
    );
    for (const { step, lines, data } of read)
      if (step === 'scan') expect(data).toBe('w[withheld: secret]\n'.repeat(lines));
      else expect(data).toContain(`hello from ${step}`);
  });

  it('has the attempts that its journal says, and none where its index is of before', async () => {
    const documents = readEvidence(sample.evidence);
    const again = documents.facts.entries.map((entry) =>
      entry.event.type === 'step.started' ? { ...entry, event: { ...entry.event, attempt: 3 } } : entry,
    );
    const { store, rows } = opened({ ...documents, facts: { ...documents.facts, entries: again as never } }, 1_000);
    expect(new Set(rows.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    expect(new Set((await readAll(store)).map(({ attempt }) => attempt))).toEqual(new Set([3]));
    const { dependencies, archive } = opened(undefined, 1_000);
    const chunks = archive.chunks.map(({ attempt: _, ...chunk }) => chunk);
    const old = new StoredArchives({ ...archive, chunks }, sha256(''), 1_000);
    const found = await new ArchivedLogStore(new LogRows([]), { ...dependencies, archives: old }).read(
      TENANT,
      RUN,
      0,
      1,
    );
    expect(found.map(({ attempt }) => attempt)).toEqual([null]);
  });

  it('ends where there is neither', async () => {
    const { dependencies } = opened();
    const none = { ...dependencies, archives: new StoredArchives(null, sha256(''), 1) };
    expect(await new ArchivedLogStore(new LogRows([]), none).read(TENANT, RUN, 0, 9)).toEqual([]);
  });
});

describe('the journal of a sealed run', () => {
  it('is the same from its archive, which is the file of the bundle', async () => {
    const { dependencies, archive, files } = opened();
    const pages = sample.evidence.pages.map(({ first, prev, hash, entries, values }) => {
      return { first, prev, hash, entries, values };
    });
    expect(await archivedJournal(dependencies, TENANT, RUN)).toEqual(pages);
    expect(archive.journal.sha256).toBe(sha256(files.find(({ path }) => path === 'journal.ndjson')?.bytes ?? ''));
  });

  it('is refused where the stored bytes are others', async () => {
    const { archive } = opened();
    const { dependencies } = opened(undefined, 3, (bytes) => {
      bytes[archive.journal.offset + 20] = 0x20;
      return bytes;
    });
    await expect(archivedJournal(dependencies, TENANT, RUN)).rejects.toMatchObject({
      code: 'OBJECT_DIGEST_MISMATCH',
    });
  });
});

it('a journal that was withheld is no journal', async () => {
  const evidence = { ...sample.evidence, released: ['journal.ndjson'] };
  const { dependencies } = opened({ ...readEvidence(sample.evidence), evidence });
  await expect(archivedJournal(dependencies, TENANT, RUN)).rejects.toMatchObject({ code: 'JOURNAL_WITHHELD' });
});

describe('the signed statements of a sealed run', () => {
  const sigstore = (name: string) => ({
    path: `attestations/${name}.sigstore.json`,
    bytes: Buffer.from(`{"of":"${name}"}`),
  });
  const stored = (files: readonly BundleFile[], change = (bytes: Buffer) => bytes) => {
    const { bytes, offsets } = packed(files);
    const objects = {
      async open(_tenant: TenantId, digest: Digest, range?: ByteRange) {
        if (range === undefined) return whole(change(bytes), digest);
        const { first, last } = range;
        return (async function* () {
          yield change(bytes).subarray(first, last + 1);
        })();
      },
    } as unknown as ObjectStore;
    const statements = statementParts(files, offsets);
    return archivedStatements(objects, OF, { bundle: sha256(bytes), statements });
  };

  it('are read where they stand in the bundle', async () => {
    const files = [sigstore('pack-run'), sigstore('pack-run.2'), sigstore('slsa'), sigstore('vsa')];
    expect(await stored(files)).toEqual({ 'pack-run': { of: 'pack-run' }, slsa: { of: 'slsa' }, vsa: { of: 'vsa' } });
    expect(await stored(files.slice(0, 1))).toEqual({ 'pack-run': { of: 'pack-run' }, slsa: null });
  });

  it('are refused where the stored bytes are others', async () => {
    const change = (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('"of"', '"if"'), 'latin1');
    await expect(stored([sigstore('pack-run')], change)).rejects.toMatchObject({ code: 'OBJECT_DIGEST_MISMATCH' });
  });

  it('stand beside the bundle of a run that was sealed before', async () => {
    const statements = { 'pack-run': { dsseEnvelope: {} }, slsa: null } as unknown as StatementParts;
    const none = {} as ObjectStore;
    expect(await archivedStatements(none, OF, { bundle: sha256(''), statements })).toEqual(statements);
  });
});
