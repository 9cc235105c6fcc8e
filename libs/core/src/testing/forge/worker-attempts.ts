import { canonical } from '../../lib/canonical/canonical';
import { digestOf, sha256 } from '../../lib/canonical/digest';
import { PAYLOAD_TYPE } from '../../lib/evidence/documents';
import type { Envelope } from '../../lib/evidence/envelope';
import { isHeld, isWithheld, type RunEvidence } from '../../lib/evidence/run-evidence';
import { secretNotice } from '../../lib/evidence/withheld';
import { factsOf } from '../../lib/evidence/run-facts';
import { logFiles } from '../../lib/evidence/log-files';
import type { Digest } from '../../lib/foundation/ids';
import type { Json, JsonObject } from '../../lib/foundation/json';
import type { Page } from '../../lib/journal/page';
import { signed } from '../sample-evidence';
import type { Attempt } from './attempt';
import { sealed, type Files, type Subject } from './corpus';
import { entriesOf, roleOf, substituted, told, type Entries } from './journal';
import { mutationsOf } from './mutate-json';
import { kindOf } from './journal';

// What a worker can write: its journal and everything that follows from it, chained, derived and signed again.

/** Every change of every document that a worker writes or carries. */
export function* workerAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  yield* journalAttempts(subject, others);
  yield* valueAttempts(subject);
  yield* documentAttempts(subject, others);
  yield* carriedAttempts(subject);
}

type Change = (evidence: RunEvidence) => RunEvidence;

function attempt({ played, scenario, keys }: Subject, document: string, field: string, mutation: string, change: Change): Attempt {
  const forge = (): Files => sealed(change(played.evidence), scenario, keys);
  return { holder: 'worker', document, field, mutation, forge };
}

/** Entries changed, dropped, doubled, moved, added; pages cut otherwise. */
function* journalAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  const { played } = subject;
  const entries = entriesOf(played.evidence.pages);
  const tell = (change: (entries: Entries) => Entries): Change => (evidence) => ({ ...evidence, pages: told(evidence.pages, change) });
  for (const [i, entry] of entries.entries()) {
    const document = `journal ${entry.event.type}${kindOf(played.planned.index, entry.event)}`;
    const at = (field: string, mutation: string, change: (entries: Entries) => Entries): Attempt => attempt(subject, document, field, mutation, tell(change));
    const event = entry.event as unknown as JsonObject;
    for (const { field, mutation, apply } of mutationsOf(event)) {
      if (field === 'type' || field === 'root') continue;
      const other = { ...entry, event: apply(event) } as unknown as Entries[number];
      yield at(field, mutation, (all) => all.map((one, place) => (place === i ? other : one)));
    }
    const added = { ...entry, event: { ...event, forged: 1 } } as unknown as Entries[number];
    yield at('(member)', 'added', (all) => all.map((one, place) => (place === i ? added : one)));
    const more = { ...entry, forged: 1 } as unknown as Entries[number];
    yield at('(entry member)', 'added', (all) => all.map((one, place) => (place === i ? more : one)));
    const kind = { ...entry, kind: entry.kind === 'fact' ? 'given' : 'fact' } as unknown as Entries[number];
    yield at('(entry kind)', 'changed', (all) => all.map((one, place) => (place === i ? kind : one)));
    yield at('(time)', 'later', (all) => all.map((one, place) => (place >= i ? { ...one, at: one.at + 7 } : one)));
    const next = entries[i + 1];
    if (next && next.at > entry.at) yield at('(time)', 'later alone', (all) => all.map((one, place) => (place === i ? { ...one, at: one.at + 1 } : one)));
    yield at('(entry)', 'dropped', (all) => all.filter((_, place) => place !== i));
    yield at('(entry)', 'doubled', (all) => [...all.slice(0, i + 1), entry, ...all.slice(i + 1)]);
    if (next) yield at('(entry)', 'swapped with the next', (all) => all.map((one, place) => (place === i ? { ...next, at: entry.at } : place === i + 1 ? { ...entry, at: next.at } : one)));
    const last = entries.at(-1);
    if (last) yield at('(entry)', 'replayed at the end', (all) => [...all.slice(0, -1), { ...entry, at: last.at }, last]);
  }
  yield* addedEntries(subject, entries);
  const of = (field: string, mutation: string, change: Change): Attempt => attempt(subject, 'journal', field, mutation, change);
  yield of('(pages)', 'one page', tell((all) => all));
  yield of('(pages)', 'cut', (evidence) => ({ ...evidence, pages: evidence.pages.slice(0, -1) }));
  yield of('(pages)', 'swapped', (evidence) => ({ ...evidence, pages: [...evidence.pages].reverse() }));
  yield of('(pages)', 'doubled', (evidence) => ({ ...evidence, pages: [...evidence.pages, ...evidence.pages.slice(-1)] }));
  for (const other of others) yield of('(pages)', 'of another run', (evidence) => ({ ...evidence, pages: other.played.evidence.pages }));
}

/** Entries that nothing gave rise to. */
function* addedEntries(subject: Subject, entries: Entries): Iterable<Attempt> {
  const started = entries.find(({ event }) => event.type === 'step.started');
  if (started?.event.type !== 'step.started') return;
  const { step, execution } = started.event;
  const facts: readonly JsonObject[] = [
    { type: 'tool.resolved', step, execution, path: '/bin/forged', digest: digestOf('forged') },
    { type: 'material.mounted', step, execution, path: 'in/forged', digest: digestOf('forged') },
    { type: 'artifact.captured', step, execution, name: 'forged', path: 'out/forged', digest: digestOf('forged'), size: 1, mediaType: 'text/plain' },
    { type: 'egress.closed', step, execution, allowed: 0, denied: 1, log: digestOf('forged') },
    { type: 'log', step, execution, chunk: 0, lines: 1, bytes: 7, sha256: sha256('forged\n') },
    { type: 'log.cut', step, execution },
    { type: 'note', code: 'FORGED', detail: null },
    { type: 'note', code: 'SECRET_VERSION', detail: { name: 'deploy', version: 'forged' } },
    { type: 'note', code: 'LOG_DROPPED', detail: { step, lines: 3 } },
    { type: 'note', code: 'ASSIGNMENT_HELD', detail: { version: '9', build: digestOf('forged'), probe: digestOf('forged') } },
    { type: 'forged' },
  ];
  const at = entries.indexOf(started) + 1;
  for (const event of facts) {
    const entry = { at: started.at, kind: 'fact', event } as unknown as Entries[number];
    const what = event['type'] === 'note' ? `note ${String(event['code'])}` : String(event['type']);
    yield attempt(subject, `journal ${what}`, '(entry)', 'invented', (evidence) => ({ ...evidence, pages: told(evidence.pages, (all) => [...all.slice(0, at), entry, ...all.slice(at)]) }));
  }
}

/** Values beside the journal: left out, or other ones in all places that name them. */
function* valueAttempts(subject: Subject): Iterable<Attempt> {
  const { pages } = subject.played.evidence;
  const all = new Map(pages.flatMap((page) => Object.entries(page.values) as [Digest, Json][]));
  for (const [digest, value] of all) {
    const role = roleOf(subject.played.planned.index, pages, digest);
    const at = (field: string, mutation: string, change: (pages: readonly Page[]) => readonly Page[]): Attempt =>
      attempt(subject, `value of ${role}`, field, mutation, (evidence) => ({ ...evidence, pages: change(evidence.pages) }));
    yield at('(value)', 'left out', (given) => given.map((page) => ({ ...page, values: Object.fromEntries(Object.entries(page.values).filter(([name]) => name !== digest)) })));
    yield at('(value)', 'changed under its digest', (given) => given.map((page) => ({ ...page, values: digest in page.values ? { ...page.values, [digest]: 'forged' } : page.values })));
    for (const { field, mutation, apply } of mutationsOf(value))
      yield at(field, mutation, (given) => substituted(given, digest, apply(value)));
  }
  yield attempt(subject, 'journal', '(values)', 'one added', (evidence) => ({
    ...evidence,
    pages: evidence.pages.map((page, i) => (i === 0 ? { ...page, values: { ...page.values, [digestOf('forged')]: 'forged' } } : page)),
  }));
  yield attempt(subject, 'journal', '(values)', 'all left out', (evidence) => ({ ...evidence, pages: evidence.pages.map((page) => ({ ...page, values: {} })) }));
}

/** Documents that others made: the worker has no key for them. */
function* documentAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  const { evidence } = subject.played;
  const at = (document: string, field: string, mutation: string, change: Change): Attempt => attempt(subject, document, field, mutation, change);
  for (const name of ['plan', 'profile', 'environment'] as const) {
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(evidence[name]) as Json))
      yield at(name, field, mutation, (given) => ({ ...given, [name]: canonical(apply(JSON.parse(given[name]) as Json)) }));
    for (const other of others) yield at(name, '(file)', 'of another run', (given) => ({ ...given, [name]: other.played.evidence[name] }));
  }
  for (const { field, mutation, apply } of mutationsOf(JSON.parse(evidence.pack.manifest) as Json))
    yield at('pack/manifest', field, mutation, (given) => ({ ...given, pack: { ...given.pack, manifest: canonical(apply(JSON.parse(given.pack.manifest) as Json)) } }));
  for (const [i, file] of evidence.pack.files.entries()) {
    const put = (change: object): Change => (given) => ({ ...given, pack: { ...given.pack, files: given.pack.files.map((one, place) => (place === i ? { ...one, ...change } : one)) } });
    const forged = Buffer.from('#!/bin/sh\nforged\n');
    yield at('pack file', '(file)', 'by digest only', put({ bytes: null }));
    yield at('pack file', '(file)', 'changed', put({ bytes: forged, size: forged.length, digest: sha256(forged) }));
    yield at('pack file', 'executable', 'changed', put({ executable: !file.executable }));
    yield at('pack file', 'path', 'changed', put({ path: `${file.path}x` }));
    yield at('pack file', '(file)', 'dropped', (given) => ({ ...given, pack: { ...given.pack, files: given.pack.files.filter((_, place) => place !== i) } }));
  }
  if (evidence.pack.signatures.length > 0)
    yield at('pack signature', '(file)', 'dropped', (given) => ({ ...given, pack: { ...given.pack, signatures: given.pack.signatures.slice(1) } }));
  yield* signedAttempts(subject, others);
  yield at('asserted', 'builder', 'other mode', (given) => ({ ...given, asserted: { ...given.asserted, builder: given.asserted.builder.replace(/builders\/\w+/, given.asserted.builder.includes('open') ? 'builders/sealed' : 'builders/open') } }));
  yield at('asserted', 'builder', 'unknown', (given) => ({ ...given, asserted: { ...given.asserted, builder: 'https://forged.test/v1' } }));
  yield at('asserted', 'audit.seq', 'changed', (given) => ({ ...given, asserted: { ...given.asserted, audit: { ...given.asserted.audit, seq: 7 } } }));
  yield at('asserted', 'audit.head', 'changed', (given) => ({ ...given, asserted: { ...given.asserted, audit: { ...given.asserted.audit, head: digestOf('forged') } } }));
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
    yield attempt(subject, 'admission', field, `${mutation}, signed with the run key`, (given) => ({ ...given, admission: own(given.admission, apply) }));
  for (const other of others)
    yield attempt(subject, 'admission', '(file)', 'of another run', (given) => ({ ...given, admission: other.played.evidence.admission }));
  for (const name of ['decisions', 'resolutions'] as const) {
    const document = name.slice(0, -1);
    const all = evidence[name];
    for (const [i, envelope] of all.entries()) {
      const put = (change: (list: readonly Envelope[]) => readonly Envelope[]): Change => (given) => ({ ...given, [name]: change(given[name]) });
      yield attempt(subject, document, '(file)', 'dropped', put((list) => list.filter((_, place) => place !== i)));
      yield attempt(subject, document, '(file)', 'doubled', put((list) => [...list, envelope]));
      for (const { field, mutation, apply } of mutationsOf(payload(envelope)))
        yield attempt(subject, document, field, `${mutation}, signed with the run key`, (given) => {
          const forged = own(envelope, apply);
          const [from, to] = [sha256(Buffer.from(envelope.payload, 'base64')), sha256(Buffer.from(forged.payload, 'base64'))];
          const pages = told(given.pages, (entries) => JSON.parse(JSON.stringify(entries).replaceAll(from, to)) as Entries);
          return { ...given, pages, [name]: given[name].map((one, place) => (place === i ? forged : one)) };
        });
    }
    for (const other of others) {
      const theirs = other.played.evidence[name][0];
      if (theirs) yield attempt(subject, document, '(file)', 'of another run added', (given) => ({ ...given, [name]: [...given[name], theirs] }));
      if (theirs && all.length > 0)
        yield attempt(subject, document, '(file)', 'of another run', (given) => {
          const [from, to] = [sha256(Buffer.from(all[0]?.payload ?? '', 'base64')), sha256(Buffer.from(theirs.payload, 'base64'))];
          const pages = told(given.pages, (entries) => JSON.parse(JSON.stringify(entries).replaceAll(from, to)) as Entries);
          return { ...given, pages, [name]: [theirs, ...given[name].slice(1)] };
        });
    }
  }
  yield attempt(subject, 'admission', '(envelope)', 'offered as a decision', (given) => ({ ...given, decisions: [...given.decisions, { ...given.admission, payloadType: PAYLOAD_TYPE.decision }] }));
}

/** What is carried by digest: other bytes everywhere, left out, or a notice in its place. */
function* carriedAttempts(subject: Subject): Iterable<Attempt> {
  const { evidence, planned } = subject.played;
  const at = (document: string, field: string, mutation: string, change: Change): Attempt => attempt(subject, document, field, mutation, change);
  for (const [digest, text] of evidence.probes) {
    yield at('probe', '(file)', 'dropped', (given) => ({ ...given, probes: new Map() }));
    yield at('probe', '(file)', 'one added', (given) => ({ ...given, probes: new Map([...given.probes, [sha256('{}'), '{}']]) }));
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(text) as Json))
      yield at('probe', field, mutation, (given) => {
        const forged = canonical(apply(JSON.parse(text) as Json));
        const pages = told(given.pages, (entries) => JSON.parse(JSON.stringify(entries).replaceAll(digest, sha256(forged))) as Entries);
        return { ...given, pages, probes: new Map([[sha256(forged), forged]]) };
      });
  }
  for (const [digest, data] of evidence.artifacts) {
    if (isWithheld(data)) {
      yield at('artifact notice', '(file)', 'dropped', (given) => ({ ...given, artifacts: new Map([...given.artifacts].filter(([name]) => name !== digest)) }));
      yield at('artifact notice', 'size', 'changed', (given) => ({ ...given, artifacts: new Map([...given.artifacts, [digest, { ...data, size: data.size + 1 }]]) }));
      continue;
    }
    yield at('artifact', '(bytes)', 'dropped', (given) => ({ ...given, artifacts: new Map([...given.artifacts].filter(([name]) => name !== digest)) }));
    yield at('artifact', '(bytes)', 'changed under its digest', (given) => ({ ...given, artifacts: new Map([...given.artifacts, [digest, Buffer.from('forged')]]) }));
    yield at('artifact', '(bytes)', 'withheld', (given) => ({ ...given, artifacts: new Map([...given.artifacts, [digest, secretNotice(`artifacts/${digest.slice(7)}`, { size: data.length, sha256: digest })]]) }));
    yield at('artifact', '(bytes)', 'changed everywhere', (given) => {
      const forged = Buffer.from('forged');
      const pages = told(given.pages, (entries) => JSON.parse(JSON.stringify(entries).replaceAll(`"digest":"${digest}","size":${data.length}`, `"digest":"${sha256(forged)}","size":${forged.length}`).replaceAll(digest, sha256(forged))) as Entries);
      return { ...given, pages: sized(pages, sha256(forged), forged.length), artifacts: new Map([...given.artifacts].map(([name, one]) => (name === digest ? [sha256(forged), forged] : [name, one]))) };
    });
  }
  for (const [i, stream] of evidence.logs.entries()) {
    const { data } = stream;
    if (!isHeld(data)) continue;
    const path = logFiles(factsOf(evidence.pages)).find(({ step, execution }) => step === stream.step && execution === stream.execution)?.path ?? '';
    const put = (other: typeof data | null): Change => (given) => ({ ...given, logs: given.logs.flatMap((one, place) => (place !== i ? [one] : other === null ? [] : [{ ...one, data: other }])) });
    yield at('log', '(bytes)', 'dropped', put(null));
    yield at('log', '(bytes)', 'withheld', (given) => ({ ...given, logs: given.logs.map((one, place) => (place === i ? { ...one, data: secretNotice(path, { size: data.length, sha256: sha256(data) }) } : one)) }));
    yield at('log', '(bytes)', 'changed under its digest', put(Buffer.from(Buffer.from(data).toString().replace(/[a-z]{3}/, 'xyz'))));
  }
  for (const [digest, text] of evidence.egress) {
    yield at('egress log', '(text)', 'dropped', (given) => ({ ...given, egress: new Map([...given.egress].filter(([name]) => name !== digest)) }));
    const lines = text.split('\n').slice(0, -1);
    for (const [place, line] of lines.entries()) {
      const put = (line: string | null, mutation: string, field: string): Attempt =>
        at(place === 0 ? 'egress log head' : `egress log attempt ${line?.includes('"allowed":true') === true ? 'allowed' : 'denied'}`, field, mutation, (given) => {
          const forged = lines.flatMap((one, i) => (i !== place ? [`${one}\n`] : line === null ? [] : [`${line}\n`])).join('');
          const pages = told(given.pages, (entries) => JSON.parse(JSON.stringify(entries).replaceAll(digest, sha256(forged))) as Entries);
          return { ...given, pages, egress: new Map([...given.egress].map(([name, one]) => (name === digest ? [sha256(forged), forged] : [name, one]))) };
        });
      for (const { field, mutation, apply } of mutationsOf(JSON.parse(line) as Json)) yield put(canonical(apply(JSON.parse(line) as Json)), mutation, field);
      yield put(null, 'dropped', '(line)');
    }
  }
  for (const [i, { request, show }] of evidence.gates.entries()) {
    const put = (other: RunEvidence['gates'][number] | null): Change => (given) => ({ ...given, gates: given.gates.flatMap((one, place) => (place !== i ? [one] : other === null ? [] : [other])) });
    yield at('gate request', '(file)', 'dropped', put(null));
    yield at('gate show', '(value)', 'changed under its digest', put({ request, show: '{"forged":1}' }));
    if (typeof show === 'string')
      yield at('gate show', '(value)', 'withheld', put({ request, show: secretNotice(`gates/${sha256(request).slice(7)}.show.json`, { size: Buffer.byteLength(show), sha256: sha256(show) }) }));
    for (const { field, mutation, apply } of mutationsOf(JSON.parse(request) as Json))
      yield at('gate request', field, mutation, (given) => {
        const forged = apply(JSON.parse(request) as Json);
        const pages = substituted(given.pages, sha256(request), forged);
        return put({ request: canonical(forged), show })({ ...given, pages });
      });
  }
  void planned;
}

function sized(pages: readonly Page[], digest: Digest, size: number): readonly Page[] {
  return told(pages, (entries) =>
    entries.map((entry) =>
      entry.event.type === 'artifact.captured' && entry.event.digest === digest
        ? ({ ...entry, event: { ...entry.event, size } } as Entries[number])
        : entry,
    ),
  );
}
