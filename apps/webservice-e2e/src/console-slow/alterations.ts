import { gzipSync } from 'node:zlib';
import { TAR_CODEC } from '@taskrunner/infrastructure/archive';

type Files = ReadonlyMap<string, Uint8Array>;
type Json = Record<string, unknown>;

/** A bundle that somebody changed after it was sealed. */
export interface Alteration {
  readonly what: string;
  readonly make: (bundle: Uint8Array, files: Files) => Promise<Uint8Array>;
}

/** The tar that TaskRunner writes for these files. */
export async function archived(files: Iterable<readonly [string, Uint8Array]>, isSorted = true): Promise<Uint8Array> {
  const all = [...files].map(([path, bytes]) => ({ path, bytes }));
  if (isSorted) all.sort((one, other) => (one.path < other.path ? -1 : 1));
  const parts: Uint8Array[] = [];
  for await (const part of TAR_CODEC.write(all)) parts.push(part);
  return Buffer.concat(parts);
}

function ofArchive(what: string, make: (bundle: Uint8Array) => Uint8Array): Alteration {
  return { what, make: async (bundle) => make(bundle) };
}

function ofFiles(what: string, change: (files: Map<string, Uint8Array>) => void): Alteration {
  return {
    what,
    make: async (_bundle, files) => {
      const changed = new Map(files);
      change(changed);
      return archived(changed);
    },
  };
}

/** The first file whose path matches. */
function pathOf(files: Files, pattern: RegExp): string {
  const found = [...files.keys()].sort().find((path) => pattern.test(path));
  if (found === undefined) throw new Error(`the bundle has no file ${pattern}`);
  return found;
}

function ofText(what: string, pattern: RegExp, change: (text: string) => string): Alteration {
  return ofFiles(what, (files) => {
    const path = pathOf(files, pattern);
    const text = Buffer.from(files.get(path) ?? []).toString();
    const changed = change(text);
    if (changed === text) throw new Error(`${what}: ${path} stays as it is`);
    files.set(path, Buffer.from(changed));
  });
}

/** Changes the payload of an envelope, and leaves its signature. */
function ofPayload(what: string, pattern: RegExp, change: (payload: string) => string): Alteration {
  return ofText(what, pattern, (text) => {
    const envelope = JSON.parse(text) as Json;
    const payload = Buffer.from(String(envelope['payload']), 'base64').toString();
    const changed = change(payload);
    if (changed === payload) throw new Error(`${what}: the payload stays as it is`);
    return JSON.stringify({ ...envelope, payload: Buffer.from(changed).toString('base64') });
  });
}

/** Changes the signature of an envelope. */
function ofSignature(what: string, pattern: RegExp, change: (signature: Buffer) => Uint8Array): Alteration {
  return ofText(what, pattern, (text) =>
    text.replace(/"sig":"([^"]+)"/, (_all, sig: string) => {
      return `"sig":"${Buffer.from(change(Buffer.from(sig, 'base64'))).toString('base64')}"`;
    }),
  );
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const other = Uint8Array.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
};
const IDENTITY = Buffer.from(`01${'00'.repeat(31)}`, 'hex');

/** What can happen to the archive of a run with a gate, a log and a decision. */
export const ALTERATIONS: readonly Alteration[] = [
  ofArchive('a byte of the archive', (bundle) => flipped(bundle, Math.floor(bundle.length / 2))),
  ofArchive('the checksum of a header', (bundle) => flipped(bundle, 150)),
  ofArchive('its end is cut off', (bundle) => bundle.subarray(0, bundle.length - 1_024)),
  ofArchive('it goes on after its end', (bundle) => Buffer.concat([bundle, Buffer.from('more'), Buffer.alloc(508)])),
  ofArchive('compressed', (bundle) => gzipSync(bundle)),
  ofArchive('no archive at all', () => Buffer.from('{"this is": "not a bundle"}')),
  { what: 'packed in another order', make: (_bundle, files) => archived([...files].reverse(), false) },
  ofFiles('a file is added', (files) => files.set('forged.txt', Buffer.from('forged'))),
  ofFiles('the plan is dropped', (files) => files.delete('plan.json')),
  ofFiles('the decision is dropped', (files) => files.delete(pathOf(files, /^decisions\//))),
  ofFiles('the journal is emptied', (files) => files.set('journal.ndjson', new Uint8Array())),
  ofFiles('the statement is that of the manifest', (files) =>
    files.set(
      'attestations/pack-run.sigstore.json',
      files.get('attestations/manifest.sigstore.json') ?? new Uint8Array(),
    ),
  ),
  ofText('the journal lacks its last page', /^journal\.ndjson$/, (text) => text.replace(/[^\n]*\n$/, '')),
  ofText('the log says something else', /^logs\//, (text) => text.replace('three findings', 'no findings at all')),
  ofText('a step has another status', /^steps\.ndjson$/, (text) => text.replace('succeeded', 'failed')),
  ofText('the gate asked something else', /^gates\/[0-9a-f]+\.json$/, (text) =>
    text.replace('two regions', 'one region'),
  ),
  ofText('the gate showed something else', /^gates\/.+\.show\.json$/, (text) => text.replace('3', '0')),
  ofText('the plan runs another program', /^plan\.json$/, (text) => text.replace('three findings', 'all is well')),
  ofText('the manifest lists another digest', /^MANIFEST\.json$/, (text) =>
    text.replace(/"sha256":"sha256:(.)/, (_all, first: string) => `"sha256":"sha256:${first === 'a' ? 'b' : 'a'}`),
  ),
  ofPayload('the decision has another reason', /^decisions\//, (text) =>
    text.replace('read the findings', 'was told to'),
  ),
  ofPayload('another person decided', /^decisions\//, (text) => text.replaceAll('grace', 'ada')),
  ofPayload('another person started the run', /^admission\.json$/, (text) => text.replaceAll('ada', 'linus')),
  ofSignature('the admission has no signature but zeros', /^admission\.json$/, (sig) => Buffer.alloc(sig.length)),
  ofSignature('the decision is signed with an R of small order', /^decisions\//, (sig) =>
    Buffer.concat([IDENTITY, sig.subarray(32)]),
  ),
  ofSignature('the signature of the admission is cut', /^admission\.json$/, (sig) => sig.subarray(0, 63)),
];
