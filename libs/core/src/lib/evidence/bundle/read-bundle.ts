import { sha256 } from '../../canonical/digest';
import { isDigest, type Digest } from '../../foundation/ids';
import { isJsonObject, type Json } from '../../foundation/json';
import { knowText } from '../../journal/chain';
import type { Page } from '../../journal/page';
import type { Carried, CarriedList } from '../records/carried';
import { MANIFEST, MANIFEST_ATTESTATION, packRunAttestation, packSignaturePath } from './bundle-files';
import { sealEnvelope, type Envelope } from '../encoding/envelope';
import { entryShape } from '../records/journal-shape';
import { SharedStrings } from '../records/shared-strings';
import { EvidenceError } from '../encoding/evidence-error';
import { logFiles } from '../records/log-files';
import { readGateRequest } from '../records/read-documents';
import type { Asserted, GateDocument, LogStream, PackFile, RunEvidence } from '../records/run-evidence';
import {
  anyJson,
  closed,
  digest,
  flag,
  listOf,
  mapOf,
  nullable,
  readShape,
  text,
  whole,
  type Shape,
} from '../encoding/shape';
import { readSigstore } from '../encoding/sigstore';
import { named, parseCanonical, parseUtf8 } from '../encoding/strict-json';
import { isReleasable, readWithheld } from '../records/withheld';

/** The files of a bundle by path. */
export type BundleContent = ReadonlyMap<string, Uint8Array>;

/** A file's bytes. Throws `EVIDENCE_FILE_MISSING`. */
export function fileOf(files: BundleContent, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes) return bytes;
  throw new EvidenceError('EVIDENCE_FILE_MISSING', `${path} is missing`, 'Export the bundle again.');
}

const envelopeShape = closed<Envelope>({
  payload: (value, path, note) => {
    if (typeof value !== 'string') note(path, 'base64 is expected');
    return value as string;
  },
  payloadType: text,
  signatures: listOf(closed({ keyid: text, sig: text })),
});

/** Reads an envelope from its file. It must be canonical, without further members. */
export function readEnvelopeFile(files: BundleContent, path: string): Envelope {
  return readShape(envelopeShape, parsedFile(files, path), path);
}

/** A canonical document in a file. Throws an `EvidenceError` that names the file. */
function parsedFile(files: BundleContent, path: string): Json {
  return named(path, () => parseCanonical(parseUtf8(heldFileOf(files, path))));
}

/** An attestation in a file: `readSigstore` with the name of the file. */
export function readSigstoreFile(files: BundleContent, path: string): ReturnType<typeof readSigstore> {
  const bytes = fileOf(files, path);
  return named(path, () => readSigstore(bytes));
}

const packFiles = listOf(closed<Omit<PackFile, 'bytes'>>({ path: text, digest, size: whole, executable: flag }));

/**
 * Reads the documents of a run from a bundle, as the signer had them. `statement` is the statement of its first signer. Throws an
 * `EvidenceError` for the first fault. With `draft` the files are an unsigned draft (see `draftFiles`): the asserted values come from the
 * parameter, and what gates showed is `unseen`.
 */
export function readBundle(files: BundleContent, statement: () => Json, draft: Asserted | null = null): RunEvidence {
  const textOf = (path: string): string => named(path, () => parseUtf8(heldFileOf(files, path)));
  const pages = readPages(textOf('journal.ndjson'));
  return {
    admission: readEnvelopeFile(files, 'admission.json'),
    plan: textOf('plan.json'),
    profile: textOf('profile.json'),
    environment: textOf('environment.json'),
    pack: {
      manifest: textOf('pack/manifest.json'),
      files: readShape(packFiles, parsedFile(files, 'pack/files.json'), 'pack/files.json').map((file) => {
        const path = `pack/files/${file.path}`;
        const bytes = files.get(path) ?? null;
        return { ...file, bytes: isReleased(files, path, file.digest) ? null : bytes };
      }),
      signatures: readPackSignatures(files),
    },
    pages,
    gates: under(files, 'gates/', /^gates\/[0-9a-f]{64}\.json$/).map((path) => readGate(files, path, draft !== null)),
    decisions: numbered(files, 'decisions'),
    resolutions: numbered(files, 'resolutions'),
    logs: readLogs(files, pages),
    releases: numbered(files, 'releases'),
    released: releasedPaths(files),
    egress: readEgress(textOf('egress.ndjson')),
    probes: new Map(
      under(files, 'probes/', /^probes\/[0-9a-f]{64}\.json$/).map((path) => {
        return [`sha256:${path.slice(7, 71)}` as Digest, textOf(path)];
      }),
    ),
    artifacts: new Map(
      under(files, 'artifacts/', /^artifacts\/[0-9a-f]{64}$/).map((path) => {
        const named = `sha256:${path.slice(10)}` as Digest;
        const bytes = fileOf(files, path);
        return [named, sha256(bytes) === named ? bytes : (readWithheld(path, bytes) ?? bytes)];
      }),
    ),
    asserted: draft ?? readAsserted(statement()),
  };
}

/** Like `fileOf`. Throws `EVIDENCE_WITHHELD` if a notice replaces the file. */
function heldFileOf(files: BundleContent, path: string): Uint8Array {
  if (!isReleased(files, path)) return fileOf(files, path);
  throw new EvidenceError(
    'EVIDENCE_WITHHELD',
    `${path} is withheld`,
    'The documents in releases/ state who released it, and why.',
  );
}

/**
 * True if a notice replaces a file that releases may name. `digest`: digest of the file itself, whose bytes are never taken for a notice.
 */
function isReleased(files: BundleContent, path: string, digest: Digest | null = null): boolean {
  const bytes = files.get(path);
  if (bytes === undefined || !isReleasable(path) || readWithheld(path, bytes) === null) return false;
  return digest === null || sha256(bytes) !== digest;
}

/** Released pack files and signed records. For other files this list is not needed: they cannot be missing unnoticed. */
function releasedPaths(files: BundleContent): readonly string[] {
  const listed = readShape(packFiles, parsedFile(files, 'pack/files.json'), 'pack/files.json');
  const digests = new Map(listed.map((file) => [`pack/files/${file.path}`, file.digest]));
  return [...files.keys()].filter((path) => isReleased(files, path, digests.get(path) ?? null)).sort();
}

/** The envelopes of a folder, in the order of their numbers. */
function numbered(files: BundleContent, folder: string): readonly Envelope[] {
  const numberOf = (path: string): number => Number(/\d+/.exec(path)?.[0]);
  return under(files, `${folder}/`, new RegExp(`^${folder}/\\d+\\.json$`))
    .filter((path) => !isReleased(files, path))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((path) => readEnvelopeFile(files, path));
}

function readPackSignatures(files: BundleContent): RunEvidence['pack']['signatures'] {
  const found: RunEvidence['pack']['signatures'][number][] = [];
  for (let path = packSignaturePath(0); files.has(path); path = packSignaturePath(found.length)) {
    const { envelope, hint } = readSigstoreFile(files, path);
    const { payloadType, payload, signature } = envelope;
    found.push({ envelope: sealEnvelope(payloadType, payload, signature, hint), hint });
  }
  return found;
}

function under(files: BundleContent, folder: string, pattern: RegExp): string[] {
  return [...files.keys()].filter((path) => path.startsWith(folder) && pattern.test(path)).sort();
}

/** Values by digest. `journal.chain` hashes them. */
const valuesShape: Shape<Page['values']> = (value, path, note) => {
  const values = mapOf(anyJson)(value, path, note);
  for (const key of Object.keys(values)) if (!isDigest(key)) note(`${path}/${key}`, 'a sha256 digest is expected');
  return values;
};

const pageShape = closed<Page>({
  first: whole,
  prev: digest,
  hash: digest,
  entries: listOf(entryShape),
  values: valuesShape,
});

/** Pages from the text of a `journal.ndjson`. Throws an `EvidenceError`. */
export function readPages(ndjson: string): readonly Page[] {
  const shared = new SharedStrings();
  return linesOf(ndjson, 'journal.ndjson').map((line, at) => {
    const value = named(`journal.ndjson, line ${at + 1}`, () => parseCanonical(line));
    const page = readShape(pageShape, value, 'a journal page');
    for (const { event } of page.entries) shared.take(event);
    const text = entriesTextOf(line, page);
    if (text !== null) knowText(page.entries, text);
    return page;
  });
}

/**
 * The text of a page's entries, cut out of the RFC 8785 text of the page. The entries are followed by the hash of the page. No entry can
 * contain that hash, so its first occurrence marks the end of the entries.
 */
function entriesTextOf(line: string, { first, hash, prev }: Page): string | null {
  const begin = '{"entries":';
  const end = line.indexOf(`,"first":${first},"hash":"${hash}","prev":"${prev}","values":`);
  return line.startsWith(begin) && end > 0 ? line.slice(begin.length, end) : null;
}

/** Every line ends with `\n`. */
function linesOf(ndjson: string, path: string): readonly string[] {
  if (ndjson === '') return [];
  if (ndjson.endsWith('\n')) return ndjson.slice(0, -1).split('\n');
  throw new EvidenceError('EVIDENCE_SHAPE', `${path} is truncated`, 'Export the bundle again.');
}

function readGate(files: BundleContent, path: string, isDraft: boolean): GateDocument {
  const bytes = fileOf(files, path);
  if (`gates/${sha256(bytes).slice(7)}.json` !== path)
    throw new EvidenceError('EVIDENCE_SHAPE', `${path} contains another gate request`, 'Export the bundle again.');
  const showPath = path.replace(/\.json$/, '.show.json');
  if (isDraft && !files.has(showPath)) {
    const { showDigest } = readGateRequest(bytes);
    return { request: parseUtf8(bytes), show: { path: showPath, size: 0, sha256: showDigest, withheld: 'unseen' } };
  }
  const show = fileOf(files, showPath);
  const notice = sha256(show) === readGateRequest(bytes).showDigest ? null : readWithheld(showPath, show);
  return { request: parseUtf8(bytes), show: notice ?? parseUtf8(show) };
}

function readLogs(files: BundleContent, pages: readonly Page[]): readonly LogStream[] {
  return logFiles({ entries: pages.flatMap((page) => page.entries) }).flatMap(
    ({ path, step, execution }): LogStream[] => {
      const bytes = files.get(path);
      // A chunk begins with the letter of a level, a notice with a brace.
      return bytes ? [{ step, execution, data: readWithheld(path, bytes) ?? bytes }] : [];
    },
  );
}

interface EgressLine {
  readonly step: string;
  readonly execution: number;
  readonly allowed: number;
  readonly denied: number;
  readonly log: Digest;
  readonly attempts: string | null;
}

const egressLine = closed<EgressLine>({
  step: text,
  execution: whole,
  allowed: whole,
  denied: whole,
  log: digest,
  attempts: (value, path, note) => {
    if (value !== null && typeof value !== 'string') note(path, 'a text is expected, or null');
    return value as string | null;
  },
});

function readEgress(ndjson: string): ReadonlyMap<Digest, string> {
  const logs = new Map<Digest, string>();
  for (const line of linesOf(ndjson, 'egress.ndjson')) {
    // The check that derives it again (`egress.within`) compares the exact spelling.
    const { log, attempts } = readShape(egressLine, parseLine(line), 'an egress record');
    if (typeof attempts === 'string') logs.set(log, attempts);
  }
  return logs;
}

const audit = closed<Asserted['audit']>({ seq: whole, head: nullable(digest) });
const list = closed<CarriedList>({ count: whole, digest });
const carried = closed<Carried>({ values: list, artifacts: list, probes: list });
const signerShape = closed<Pick<Asserted, 'builder' | 'audit'>>({ builder: text, audit });
function parseLine(line: string): Json {
  try {
    return JSON.parse(line) as Json;
  } catch (cause) {
    throw new EvidenceError('EVIDENCE_JSON', 'egress.ndjson: not JSON', 'Export the bundle again.', [], { cause });
  }
}

const assertedShape = closed<Asserted>({ builder: text, audit, carried: nullable(carried) });

/** The assertions, which no document proves, from their JSON. `carried` may be absent and is null then. Throws `EVIDENCE_SHAPE`. */
export function readAssertedJson(value: Json): Asserted {
  const said = isJsonObject(value) && !Object.hasOwn(value, 'carried') ? { ...value, carried: null } : value;
  return readShape(assertedShape, said, 'what the worker asserts');
}

/** What the bundle carries is derived from the bundle if its statement names it, and null otherwise. */
function readAsserted(statement: Json): Asserted {
  const predicate = isJsonObject(statement) ? (statement['predicate'] ?? null) : null;
  const { builder = null, audit: at = null, ...others } = isJsonObject(predicate) ? predicate : {};
  const signer = readShape(signerShape, { builder, audit: at }, 'the statement');
  return Object.hasOwn(others, 'carried') ? signer : { ...signer, carried: null };
}

/** Attestation files of the pack-run statement, in order. */
export function packRunFiles(files: BundleContent): readonly string[] {
  const found: string[] = [];
  while (files.has(packRunAttestation(found.length))) found.push(packRunAttestation(found.length));
  return found;
}

/** Attestation files of bills of materials, in order. */
export function cyclonedxFiles(files: BundleContent): readonly string[] {
  return under(files, 'attestations/', /^attestations\/cyclonedx(?:\.\d+)?\.sigstore\.json$/).sort(
    (a, b) => a.length - b.length || (a < b ? -1 : 1),
  );
}

/** Paths that a manifest must list: all except the manifest and its attestation. */
export function listedPaths(files: BundleContent): readonly string[] {
  return [...files.keys()].filter((path) => path !== MANIFEST && path !== MANIFEST_ATTESTATION).sort();
}
