import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Page } from '../../journal/page';
import {
  JOURNAL,
  packRunAttestation,
  PROVENANCE_ATTESTATION,
  SUMMARY_ATTESTATION,
  type BundleFile,
  type SpelledFile,
} from './bundle-files';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { logFiles } from '../records/log-files';
import type { SigstoreBundle } from '../encoding/sigstore';
import { readPages } from './read-bundle';
import type { EventOf } from '../records/run-facts';
import { isWithheld } from '../records/run-evidence';
import { parseUtf8 } from '../encoding/strict-json';

/** A range of bytes of a stored bundle. */
export interface BundlePart {
  /** Offset from the bundle's first byte. */
  readonly offset: number;
  readonly size: number;
  readonly sha256: Digest;
}

/** A numbered chunk of a run's log and its byte range in the bundle. `part` is null if the bundle withholds the stream. */
export interface ArchivedChunk {
  readonly firstLine: number;
  readonly lines: number;
  readonly step: string;
  /** Absent if the step has no attempts, and in indexes that an earlier release built. */
  readonly attempt?: number;
  readonly execution: number;
  readonly chunk: number;
  /** Milliseconds, database time. */
  readonly at: number;
  readonly part: BundlePart | null;
}

/**
 * Positions of the journal and the log of a sealed run in its bundle. The bundle is their archive: nothing is stored twice, and readers get
 * the signed bytes. Only this table is stored beside the bundle.
 */
export interface RunArchive {
  readonly journal: BundlePart;
  /** Chunks in the order of their lines. */
  readonly chunks: readonly ArchivedChunk[];
}

/** Identity of a chunk within a run. */
interface ChunkName {
  readonly step: string;
  readonly execution: number;
  readonly chunk: number;
}

function keyOf({ step, execution, chunk }: ChunkName): string {
  return `${execution} ${chunk} ${step}`;
}

/**
 * Builds the index of a bundle as an archive. Everything but the times of chunks follows from the journal. `offsets` gives the offset of
 * each file's content.
 */
export function archiveOf(
  documents: EvidenceDocuments,
  files: readonly (BundleFile | SpelledFile)[],
  chunks: readonly (ChunkName & { readonly at: number })[],
  offsets: ReadonlyMap<string, number>,
): RunArchive {
  const times = new Map(chunks.map((chunk) => [keyOf(chunk), chunk.at]));
  const parts = partsOf(documents, offsets);
  const journal = partOf(files, offsets, JOURNAL);
  if (!journal) throw new TypeError('a bundle without its journal');
  let line = 1;
  const attempts = new Map<string, number>();
  const archived: ArchivedChunk[] = [];
  for (const { event } of documents.facts.entries) {
    if (event.type === 'step.started') attempts.set(`${event.execution} ${event.step}`, event.attempt);
    if (event.type !== 'log') continue;
    const { step, execution, chunk, lines } = event;
    const at = times.get(keyOf(event));
    if (at === undefined) throw new TypeError(`the journal numbers chunk ${keyOf(event)}, which is not there`);
    const attempt = attempts.get(`${execution} ${step}`);
    const part = parts.get(keyOf(event)) ?? null;
    archived.push({ firstLine: line, lines, step, ...(attempt && { attempt }), execution, chunk, at, part });
    line += lines;
  }
  return { journal, chunks: archived };
}

/**
 * Positions of a run's signed statements in its bundle, by the names under which the API serves them; null: there is none. Runs that were
 * sealed before this index existed have the statements themselves.
 */
export type StatementParts = { readonly [name: string]: BundlePart | SigstoreBundle | null };

/** Positions of the statements in a bundle. */
export function statementParts(files: readonly BundleFile[], offsets: ReadonlyMap<string, number>): StatementParts {
  const summary = partOf(files, offsets, SUMMARY_ATTESTATION);
  return {
    'pack-run': partOf(files, offsets, packRunAttestation(0)),
    slsa: partOf(files, offsets, PROVENANCE_ATTESTATION),
    ...(summary && { vsa: summary }),
  };
}

function partOf(
  files: readonly (BundleFile | SpelledFile)[],
  offsets: ReadonlyMap<string, number>,
  path: string,
): BundlePart | null {
  const file = files.find((one) => one.path === path);
  if (!file) return null;
  const offset = offsetOf(offsets, path);
  if ('bytes' in file) return { offset, size: file.bytes.length, sha256: file.sha256 ?? sha256(file.bytes) };
  return { offset, size: file.size, sha256: file.sha256 };
}

/** The chunks of a stream are consecutive in its file. */
function partsOf(
  { evidence, facts }: EvidenceDocuments,
  offsets: ReadonlyMap<string, number>,
): Map<string, BundlePart> {
  const withheld = new Set(
    evidence.logs.flatMap(({ step, execution, data }) => (isWithheld(data) ? [`${execution} ${step}`] : [])),
  );
  const parts = new Map<string, BundlePart>();
  for (const { path, step, execution, chunks } of logFiles(facts)) {
    if (withheld.has(`${execution} ${step}`)) continue;
    let offset = offsetOf(offsets, path);
    for (const chunk of inOrder(chunks)) {
      parts.set(keyOf(chunk), { offset, size: chunk.bytes, sha256: chunk.sha256 });
      offset += chunk.bytes;
    }
  }
  return parts;
}

function inOrder(chunks: readonly EventOf<'log'>[]): readonly EventOf<'log'>[] {
  return [...chunks].sort((a, b) => a.chunk - b.chunk);
}

function offsetOf(offsets: ReadonlyMap<string, number>, path: string): number {
  const offset = offsets.get(path);
  if (offset === undefined) throw new TypeError(`the position of ${path} is unknown`);
  return offset;
}

/** The pages of an archived journal. */
export function readJournal(bytes: Uint8Array): readonly Page[] {
  return readPages(parseUtf8(bytes));
}
