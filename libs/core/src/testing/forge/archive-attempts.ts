import { MANIFEST, MANIFEST_ATTESTATION, type BundleFile } from '../../lib/evidence/bundle/bundle-files';
import { PAYLOAD_TYPE } from '../../lib/evidence/records/documents';
import { readManifest } from '../../lib/evidence/records/read-documents';
import { canonical } from '../../lib/canonical/canonical';
import { sha256 } from '../../lib/canonical/digest';
import type { Json } from '../../lib/foundation/json';
import { signed } from '../sample-signing';
import type { Attempt } from './attempt';
import { closed, type Files, type Subject } from './corpus';
import { mutationsOf } from './mutate-json';
import { documentAt, viewsOf, withFile } from './views';

// What can be done to the files of a bundle: by who holds the archive alone, and by who can sign its manifest again.

/** Every change of every file. `bundle`: manifest and attestation are made anew over what was changed. */
export function* archiveAttempts(
  subject: Subject,
  others: readonly Subject[],
  holder: 'none' | 'bundle',
): Iterable<Attempt> {
  const { bundle, keys } = subject;
  const run = runOf(subject);
  const close = (files: Files): Files => (holder === 'none' ? files : closed(keys.bundle, run, contentOf(files)));
  const isOwn = (path: string): boolean => holder === 'bundle' && (path === MANIFEST || path === MANIFEST_ATTESTATION);
  for (const [path, bytes] of bundle) {
    if (isOwn(path)) continue;
    const at = (mutation: string, forge: () => Files): Attempt => ({
      holder,
      document: documentAt(path),
      field: '(file)',
      mutation,
      forge: () => close(forge()),
    });
    yield at('dropped', () => withFile(bundle, path, null));
    yield at('emptied', () => withFile(bundle, path, new Uint8Array()));
    yield at('cut', () => withFile(bundle, path, bytes.subarray(0, Math.floor(bytes.length / 2))));
    yield at('longer', () => withFile(bundle, path, Buffer.concat([bytes, Buffer.from('\n')])));
    yield at('byte changed', () => withFile(bundle, path, flipped(bytes)));
    const twin = [...bundle.keys()].find((other) => other !== path && documentAt(other) === documentAt(path));
    if (twin !== undefined) yield at('swapped', () => swapped(bundle, path, twin));
    for (const other of others) {
      const theirs = [...other.bundle].find(([name]) => documentAt(name) === documentAt(path));
      if (theirs) yield at('replayed of another run', () => withFile(bundle, path, theirs[1]));
      if (theirs && theirs[0] !== path && !bundle.has(theirs[0]))
        yield at('added of another run', () => withFile(bundle, theirs[0], theirs[1]));
    }
    for (const view of viewsOf(path, bytes)) {
      for (const { field, mutation, apply } of mutationsOf(view.value))
        yield {
          ...at(mutation, () => withFile(bundle, path, view.put(apply(view.value)))),
          document: view.document,
          field,
        };
    }
    if (path.endsWith('.ndjson')) yield* lineAttempts(path, bytes, at, bundle);
  }
  for (const path of [
    'pack/files/forged.sh',
    'logs/000999.log',
    `artifacts/${sha256('forged').slice(7)}`,
    `probes/${sha256('forged').slice(7)}.json`,
    'policies/forged.cel',
    'decisions/999.json',
    'delegations/1.json',
    'forged.txt',
  ])
    yield {
      holder,
      document: documentAt(path),
      field: '(file)',
      mutation: 'added',
      forge: () => close(withFile(bundle, path, Buffer.from('forged'))),
    };
  if (holder === 'bundle') yield* manifestAttempts(subject, run);
  if (holder === 'bundle') yield* withoutPackFile(subject, close);
}

/** Ends the name of a document that is altered in an archive whose manifest stays as it is. */
export const IN_ARCHIVE = ' in an archive';

/** The envelopes of ledger and admission, signed again by their own keys, in an archive that nobody else closes again. */
export function* resignedAttempts(subject: Subject): Iterable<Attempt> {
  const { bundle, keys } = subject;
  for (const [path, bytes] of bundle) {
    const document = documentAt(path);
    const signing = {
      admission: { key: keys.admission, type: PAYLOAD_TYPE.admission },
      decision: { key: keys.ledger, type: PAYLOAD_TYPE.decision },
      resolution: { key: keys.ledger, type: PAYLOAD_TYPE.resolution },
    }[document];
    const view = viewsOf(path, bytes)[1];
    if (!signing || !view) continue;
    for (const { field, mutation, apply } of mutationsOf(view.value)) {
      const forge = (): Files => {
        const envelope = signed(signing.key, signing.type, Buffer.from(canonical(apply(view.value))));
        return withFile(bundle, path, Buffer.from(canonical(envelope as unknown as Json)));
      };
      yield { holder: 'authority', document: `${document}${IN_ARCHIVE}`, field, mutation, forge };
    }
  }
}

function* lineAttempts(
  path: string,
  bytes: Uint8Array,
  at: (mutation: string, forge: () => Files) => Attempt,
  bundle: Files,
): Iterable<Attempt> {
  const lines = Buffer.from(bytes).toString().split('\n').slice(0, -1);
  const put = (all: readonly string[]): Files =>
    withFile(bundle, path, Buffer.from(all.map((line) => `${line}\n`).join('')));
  for (const [i, line] of lines.entries()) {
    yield at('line dropped', () => put(lines.filter((_, place) => place !== i)));
    yield at('line doubled', () => put([...lines.slice(0, i), line, ...lines.slice(i)]));
    if (i > 0)
      yield at('lines swapped', () => put([...lines.slice(0, i - 1), line, lines[i - 1] ?? '', ...lines.slice(i + 1)]));
  }
}

function* manifestAttempts({ bundle, keys }: Subject, run: string): Iterable<Attempt> {
  const [view] = viewsOf(MANIFEST, bundle.get(MANIFEST) ?? new Uint8Array());
  if (!view) return;
  for (const { field, mutation, apply } of mutationsOf(view.value))
    yield {
      holder: 'bundle',
      document: 'MANIFEST',
      field,
      mutation,
      forge: () =>
        closed(
          keys.bundle,
          run,
          contentOf(bundle),
          (manifest) => apply(manifest as unknown as Json) as unknown as typeof manifest,
        ),
    };
}

/** One listed file of the pack is carried by digest only, so that the pack cannot be planned again: and then its manifest is altered. */
function* withoutPackFile({ bundle }: Subject, close: (files: Files) => Files): Iterable<Attempt> {
  const dropped = [...bundle.keys()].find((path) => path.startsWith('pack/files/'));
  const manifest = bundle.get('pack/manifest.json');
  if (dropped === undefined || !manifest) return;
  const without = withFile(bundle, dropped, null);
  for (const path of ['pack/manifest.json', 'pack/files.json', 'plan.json']) {
    for (const view of viewsOf(path, bundle.get(path) ?? new Uint8Array())) {
      for (const { field, mutation, apply } of mutationsOf(view.value))
        yield {
          holder: 'bundle',
          document: `${view.document}, a pack file dropped`,
          field,
          mutation,
          forge: () => close(withFile(without, path, view.put(apply(view.value)))),
        };
    }
  }
}

/** The files that a manifest lists. */
export function contentOf(files: Files): readonly BundleFile[] {
  return [...files]
    .filter(([path]) => path !== MANIFEST && path !== MANIFEST_ATTESTATION)
    .map(([path, bytes]) => ({ path, bytes }));
}

/** The run that an honest bundle is of. */
export function runOf({ bundle }: Pick<Subject, 'bundle'>): string {
  return readManifest(bundle.get(MANIFEST) ?? new Uint8Array()).run;
}

function flipped(bytes: Uint8Array): Uint8Array {
  const other = Uint8Array.from(bytes);
  const place = Math.floor(bytes.length / 3);
  other[place] = (other[place] ?? 0) ^ 1;
  return other;
}

function swapped(files: Files, one: string, other: string): Files {
  const [a, b] = [files.get(one), files.get(other)];
  return a && b ? withFile(withFile(files, one, b), other, a) : files;
}
