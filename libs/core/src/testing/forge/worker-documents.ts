import { canonical } from '../../lib/canonical/canonical';
import { digestOf, sha256 } from '../../lib/canonical/digest';
import { PAYLOAD_TYPE } from '../../lib/evidence/records/documents';
import type { Envelope } from '../../lib/evidence/encoding/envelope';
import type { Json } from '../../lib/foundation/json';
import { signed } from '../sample-signing';
import type { Attempt } from './attempt';
import type { Subject } from './corpus';
import { restated, type Entries } from './journal';
import { mutationsOf } from './mutate-json';
import { attempt, type Change } from './worker-attempt';

/** Documents that others made: the worker has no key for them. */
export function* documentAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  const { evidence } = subject.played;
  const at = (document: string, field: string, mutation: string, change: Change): Attempt =>
    attempt(subject, document, field, mutation, change);
  for (const name of ['plan', 'profile', 'environment'] as const) {
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(evidence[name]) as Json))
      yield at(name, field, mutation, (original) => ({
        ...original,
        [name]: canonical(apply(JSON.parse(original[name]) as Json)),
      }));
    for (const other of others)
      yield at(name, '(file)', 'of another run', (original) => ({ ...original, [name]: other.played.evidence[name] }));
  }
  for (const { field, mutation, apply } of mutationsOf(JSON.parse(evidence.pack.manifest) as Json))
    yield at('pack/manifest', field, mutation, (original) => ({
      ...original,
      pack: { ...original.pack, manifest: canonical(apply(JSON.parse(original.pack.manifest) as Json)) },
    }));
  for (const [i, file] of evidence.pack.files.entries()) {
    const put =
      (change: object): Change =>
      (original) => ({
        ...original,
        pack: {
          ...original.pack,
          files: original.pack.files.map((one, place) => (place === i ? { ...one, ...change } : one)),
        },
      });
    const forged = Buffer.from('#!/bin/sh\nforged\n');
    yield at('pack file', '(file)', 'by digest only', put({ bytes: null }));
    yield at('pack file', '(file)', 'changed', put({ bytes: forged, size: forged.length, digest: sha256(forged) }));
    yield at('pack file', 'executable', 'changed', put({ executable: !file.executable }));
    yield at('pack file', 'path', 'changed', put({ path: `${file.path}x` }));
    yield at('pack file', '(file)', 'dropped', (original) => ({
      ...original,
      pack: { ...original.pack, files: original.pack.files.filter((_, place) => place !== i) },
    }));
  }
  if (evidence.pack.signatures.length > 0)
    yield at('pack signature', '(file)', 'dropped', (original) => ({
      ...original,
      pack: { ...original.pack, signatures: original.pack.signatures.slice(1) },
    }));
  yield* signedAttempts(subject, others);
  yield at('asserted', 'builder', 'other mode', (original) => ({
    ...original,
    asserted: {
      ...original.asserted,
      builder: original.asserted.builder.replace(
        /builders\/\w+/,
        original.asserted.builder.includes('open') ? 'builders/sealed' : 'builders/open',
      ),
    },
  }));
  yield at('asserted', 'builder', 'unknown', (original) => ({
    ...original,
    asserted: { ...original.asserted, builder: 'https://forged.test/v1' },
  }));
  yield at('asserted', 'audit.seq', 'changed', (original) => ({
    ...original,
    asserted: { ...original.asserted, audit: { ...original.asserted.audit, seq: 7 } },
  }));
  yield at('asserted', 'audit.head', 'changed', (original) => ({
    ...original,
    asserted: { ...original.asserted, audit: { ...original.asserted.audit, head: digestOf('forged') } },
  }));
}

/** Admission, decisions and resolutions: dropped, doubled, of other runs, signed with the worker's own keys. */
function* signedAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  const { evidence } = subject.played;
  const { keys } = subject;
  const own = (envelope: Envelope, apply: (value: Json) => Json): Envelope => {
    const record = apply(JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Json);
    return signed(keys.runOpen, envelope.payloadType, Buffer.from(canonical(record)));
  };
  const payload = (envelope: Envelope): Json => JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Json;
  for (const { field, mutation, apply } of mutationsOf(payload(evidence.admission)))
    yield attempt(subject, 'admission', field, `${mutation}, signed with the run key`, (original) => ({
      ...original,
      admission: own(original.admission, apply),
    }));
  for (const other of others)
    yield attempt(subject, 'admission', '(file)', 'of another run', (original) => ({
      ...original,
      admission: other.played.evidence.admission,
    }));
  for (const name of ['decisions', 'resolutions'] as const) {
    const document = name.slice(0, -1);
    const all = evidence[name];
    for (const [i, envelope] of all.entries()) {
      const put =
        (change: (list: readonly Envelope[]) => readonly Envelope[]): Change =>
        (original) => ({ ...original, [name]: change(original[name]) });
      yield attempt(
        subject,
        document,
        '(file)',
        'dropped',
        put((list) => list.filter((_, place) => place !== i)),
      );
      yield attempt(
        subject,
        document,
        '(file)',
        'doubled',
        put((list) => [...list, envelope]),
      );
      for (const { field, mutation, apply } of mutationsOf(payload(envelope)))
        yield attempt(subject, document, field, `${mutation}, signed with the run key`, (original) => {
          const forged = own(envelope, apply);
          const [from, to] = [
            sha256(Buffer.from(envelope.payload, 'base64')),
            sha256(Buffer.from(forged.payload, 'base64')),
          ];
          const pages = restated(
            original.pages,
            (entries) => JSON.parse(JSON.stringify(entries).replaceAll(from, to)) as Entries,
          );
          return { ...original, pages, [name]: original[name].map((one, place) => (place === i ? forged : one)) };
        });
    }
    for (const other of others) {
      const theirs = other.played.evidence[name][0];
      if (theirs)
        yield attempt(subject, document, '(file)', 'of another run added', (original) => ({
          ...original,
          [name]: [...original[name], theirs],
        }));
      if (theirs && all.length > 0)
        yield attempt(subject, document, '(file)', 'of another run', (original) => {
          const [from, to] = [
            sha256(Buffer.from(all[0]?.payload ?? '', 'base64')),
            sha256(Buffer.from(theirs.payload, 'base64')),
          ];
          const pages = restated(
            original.pages,
            (entries) => JSON.parse(JSON.stringify(entries).replaceAll(from, to)) as Entries,
          );
          return { ...original, pages, [name]: [theirs, ...original[name].slice(1)] };
        });
    }
  }
  yield attempt(subject, 'admission', '(envelope)', 'offered as a decision', (original) => ({
    ...original,
    decisions: [...original.decisions, { ...original.admission, payloadType: PAYLOAD_TYPE.decision }],
  }));
}
