import { digestOf, sha256 } from '../../lib/canonical/digest';
import type { Digest } from '../../lib/foundation/ids';
import type { Json, JsonObject } from '../../lib/foundation/json';
import type { Page } from '../../lib/journal/page';
import type { Attempt } from './attempt';
import type { Subject } from './corpus';
import { entriesOf, kindOf, roleOf, substituted, restated, type Entries } from './journal';
import { mutationsOf } from './mutate-json';
import { attempt, type Change } from './worker-attempt';

/** What the note of an assignment says beside builds and probes. */
const HELD = { assignment: 'forged', fence: 1, name: 'w9', version: '9' };

/** Entries changed, dropped, doubled, moved, added; pages cut otherwise. */
export function* journalAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  const { played } = subject;
  const entries = entriesOf(played.evidence.pages);
  const restate =
    (change: (entries: Entries) => Entries): Change =>
    (evidence) => ({ ...evidence, pages: restated(evidence.pages, change) });
  for (const [i, entry] of entries.entries()) {
    const document = `journal ${entry.event.type}${kindOf(played.planned.index, entry.event)}`;
    const at = (field: string, mutation: string, change: (entries: Entries) => Entries): Attempt =>
      attempt(subject, document, field, mutation, restate(change));
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
    if (next && next.at > entry.at)
      yield at('(time)', 'later alone', (all) =>
        all.map((one, place) => (place === i ? { ...one, at: one.at + 1 } : one)),
      );
    yield at('(entry)', 'dropped', (all) => all.filter((_, place) => place !== i));
    yield at('(entry)', 'doubled', (all) => [...all.slice(0, i + 1), entry, ...all.slice(i + 1)]);
    if (next)
      yield at('(entry)', 'swapped with the next', (all) =>
        all.map((one, place) =>
          place === i ? { ...next, at: entry.at } : place === i + 1 ? { ...entry, at: next.at } : one,
        ),
      );
    const last = entries.at(-1);
    if (last)
      yield at('(entry)', 'replayed at the end', (all) => [...all.slice(0, -1), { ...entry, at: last.at }, last]);
  }
  yield* addedEntries(subject, entries);
  const of = (field: string, mutation: string, change: Change): Attempt =>
    attempt(subject, 'journal', field, mutation, change);
  yield of(
    '(pages)',
    'one page',
    restate((all) => all),
  );
  yield of('(pages)', 'cut', (evidence) => ({ ...evidence, pages: evidence.pages.slice(0, -1) }));
  yield of('(pages)', 'swapped', (evidence) => ({ ...evidence, pages: [...evidence.pages].reverse() }));
  yield of('(pages)', 'doubled', (evidence) => ({
    ...evidence,
    pages: [...evidence.pages, ...evidence.pages.slice(-1)],
  }));
  for (const other of others)
    yield of('(pages)', 'of another run', (evidence) => ({ ...evidence, pages: other.played.evidence.pages }));
}

/** Entries that nothing gave rise to. */
function* addedEntries(subject: Subject, entries: Entries): Iterable<Attempt> {
  const started = entries.find(({ event }) => event.type === 'step.started');
  if (started?.event.type !== 'step.started') return;
  const { step, execution } = started.event;
  const facts: readonly {
    readonly type: string;
    readonly code?: string;
    readonly [member: string]: Json | undefined;
  }[] = [
    { type: 'tool.resolved', step, execution, path: '/bin/forged', digest: digestOf('forged') },
    { type: 'material.mounted', step, execution, path: 'in/forged', digest: digestOf('forged') },
    {
      type: 'artifact.captured',
      step,
      execution,
      name: 'forged',
      path: 'out/forged',
      digest: digestOf('forged'),
      size: 1,
      mediaType: 'text/plain',
    },
    { type: 'egress.closed', step, execution, allowed: 0, denied: 1, log: digestOf('forged') },
    { type: 'log', step, execution, chunk: 0, lines: 1, bytes: 7, sha256: sha256('forged\n') },
    { type: 'log.cut', step, execution },
    { type: 'note', code: 'FORGED', detail: null },
    { type: 'note', code: 'SECRET_VERSION', detail: { name: 'deploy', version: 'forged' } },
    { type: 'note', code: 'LOG_DROPPED', detail: { step, lines: 3, bytes: 30 } },
    {
      type: 'note',
      code: 'ASSIGNMENT_HELD',
      detail: { ...HELD, build: digestOf('forged'), probe: digestOf('forged') },
    },
    { type: 'forged' },
  ];
  const at = entries.indexOf(started) + 1;
  for (const event of facts) {
    const entry = { at: started.at, kind: 'fact', event } as unknown as Entries[number];
    const what = event.code === undefined ? event.type : `note ${event.code}`;
    yield attempt(subject, `journal ${what}`, '(entry)', 'invented', (evidence) => ({
      ...evidence,
      pages: restated(evidence.pages, (all) => [...all.slice(0, at), entry, ...all.slice(at)]),
    }));
  }
}

/** Values beside the journal: left out, or other ones in all places that name them. */
export function* valueAttempts(subject: Subject): Iterable<Attempt> {
  const { pages } = subject.played.evidence;
  const all = new Map(pages.flatMap((page) => Object.entries(page.values) as [Digest, Json][]));
  for (const [digest, value] of all) {
    const role = roleOf(subject.played.planned.index, pages, digest);
    const at = (field: string, mutation: string, change: (pages: readonly Page[]) => readonly Page[]): Attempt =>
      attempt(subject, `value of ${role}`, field, mutation, (evidence) => ({
        ...evidence,
        pages: change(evidence.pages),
      }));
    yield at('(value)', 'left out', (original) =>
      original.map((page) => ({
        ...page,
        values: Object.fromEntries(Object.entries(page.values).filter(([name]) => name !== digest)),
      })),
    );
    yield at('(value)', 'changed under its digest', (original) =>
      original.map((page) => ({
        ...page,
        values: digest in page.values ? { ...page.values, [digest]: 'forged' } : page.values,
      })),
    );
    for (const { field, mutation, apply } of mutationsOf(value))
      yield at(field, mutation, (original) => substituted(original, digest, apply(value)));
  }
  yield attempt(subject, 'journal', '(values)', 'one added', (evidence) => ({
    ...evidence,
    pages: evidence.pages.map((page, i) =>
      i === 0 ? { ...page, values: { ...page.values, [digestOf('forged')]: 'forged' } } : page,
    ),
  }));
  yield attempt(subject, 'journal', '(values)', 'all left out', (evidence) => ({
    ...evidence,
    pages: evidence.pages.map((page) => ({ ...page, values: {} })),
  }));
}
