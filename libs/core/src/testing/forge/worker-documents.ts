import { canonical } from '../../lib/canonical/canonical';
import { digestOf, sha256 } from '../../lib/canonical/digest';
import { PAYLOAD_TYPE } from '../../lib/evidence/documents';
import type { Envelope } from '../../lib/evidence/envelope';
import type { Json } from '../../lib/foundation/json';
import { signed } from '../sample-evidence';
import type { Attempt } from './attempt';
import type { Subject } from './corpus';
import { told, type Entries } from './journal';
import { mutationsOf } from './mutate-json';
import { attempt, type Change } from './worker-attempt';

/** Documents that others made: the worker has no key for them. */
export function* documentAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  const { evidence } = subject.played;
  const at = (document: string, field: string, mutation: string, change: Change): Attempt =>
    attempt(subject, document, field, mutation, change);
  for (const name of ['plan', 'profile', 'environment'] as const) {
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(evidence[name]) as Json))
      yield at(name, field, mutation, (given) => ({
        ...given,
        [name]: canonical(apply(JSON.parse(given[name]) as Json)),
      }));
    for (const other of others)
      yield at(name, '(file)', 'of another run', (given) => ({ ...given, [name]: other.played.evidence[name] }));
  }
  for (const { field, mutation, apply } of mutationsOf(JSON.parse(evidence.pack.manifest) as Json))
    yield at('pack/manifest', field, mutation, (given) => ({
      ...given,
      pack: { ...given.pack, manifest: canonical(apply(JSON.parse(given.pack.manifest) as Json)) },
    }));
  for (const [i, file] of evidence.pack.files.entries()) {
    const put =
      (change: object): Change =>
      (given) => ({
        ...given,
        pack: {
          ...given.pack,
          files: given.pack.files.map((one, place) => (place === i ? { ...one, ...change } : one)),
        },
      });
    const forged = Buffer.from('#!/bin/sh\nforged\n');
    yield at('pack file', '(file)', 'by digest only', put({ bytes: null }));
    yield at('pack file', '(file)', 'changed', put({ bytes: forged, size: forged.length, digest: sha256(forged) }));
    yield at('pack file', 'executable', 'changed', put({ executable: !file.executable }));
    yield at('pack file', 'path', 'changed', put({ path: `${file.path}x` }));
    yield at('pack file', '(file)', 'dropped', (given) => ({
      ...given,
      pack: { ...given.pack, files: given.pack.files.filter((_, place) => place !== i) },
    }));
  }
  if (evidence.pack.signatures.length > 0)
    yield at('pack signature', '(file)', 'dropped', (given) => ({
      ...given,
      pack: { ...given.pack, signatures: given.pack.signatures.slice(1) },
    }));
  yield* signedAttempts(subject, others);
  yield at('asserted', 'builder', 'other mode', (given) => ({
    ...given,
    asserted: {
      ...given.asserted,
      builder: given.asserted.builder.replace(
        /builders\/\w+/,
        given.asserted.builder.includes('open') ? 'builders/sealed' : 'builders/open',
      ),
    },
  }));
  yield at('asserted', 'builder', 'unknown', (given) => ({
    ...given,
    asserted: { ...given.asserted, builder: 'https://forged.test/v1' },
  }));
  yield at('asserted', 'audit.seq', 'changed', (given) => ({
    ...given,
    asserted: { ...given.asserted, audit: { ...given.asserted.audit, seq: 7 } },
  }));
  yield at('asserted', 'audit.head', 'changed', (given) => ({
    ...given,
    asserted: { ...given.asserted, audit: { ...given.asserted.audit, head: digestOf('forged') } },
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
    yield attempt(subject, 'admission', field, `${mutation}, signed with the run key`, (given) => ({
      ...given,
      admission: own(given.admission, apply),
    }));
  for (const other of others)
    yield attempt(subject, 'admission', '(file)', 'of another run', (given) => ({
      ...given,
      admission: other.played.evidence.admission,
    }));
  for (const name of ['decisions', 'resolutions'] as const) {
    const document = name.slice(0, -1);
    const all = evidence[name];
    for (const [i, envelope] of all.entries()) {
      const put =
        (change: (list: readonly Envelope[]) => readonly Envelope[]): Change =>
        (given) => ({ ...given, [name]: change(given[name]) });
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
        yield attempt(subject, document, field, `${mutation}, signed with the run key`, (given) => {
          const forged = own(envelope, apply);
          const [from, to] = [
            sha256(Buffer.from(envelope.payload, 'base64')),
            sha256(Buffer.from(forged.payload, 'base64')),
          ];
          const pages = told(
            given.pages,
            (entries) => JSON.parse(JSON.stringify(entries).replaceAll(from, to)) as Entries,
          );
          return { ...given, pages, [name]: given[name].map((one, place) => (place === i ? forged : one)) };
        });
    }
    for (const other of others) {
      const theirs = other.played.evidence[name][0];
      if (theirs)
        yield attempt(subject, document, '(file)', 'of another run added', (given) => ({
          ...given,
          [name]: [...given[name], theirs],
        }));
      if (theirs && all.length > 0)
        yield attempt(subject, document, '(file)', 'of another run', (given) => {
          const [from, to] = [
            sha256(Buffer.from(all[0]?.payload ?? '', 'base64')),
            sha256(Buffer.from(theirs.payload, 'base64')),
          ];
          const pages = told(
            given.pages,
            (entries) => JSON.parse(JSON.stringify(entries).replaceAll(from, to)) as Entries,
          );
          return { ...given, pages, [name]: [theirs, ...given[name].slice(1)] };
        });
    }
  }
  yield attempt(subject, 'admission', '(envelope)', 'offered as a decision', (given) => ({
    ...given,
    decisions: [...given.decisions, { ...given.admission, payloadType: PAYLOAD_TYPE.decision }],
  }));
}
