import { runEnds, stepEnds } from '../../foundation/statuses';
import type { Actor, Subject } from '../../foundation/principal';
import { isJsonObject, type Json } from '../../foundation/json';
import type { Entry } from '../../journal/page';
import type { GateDecision } from '../../gate/gate-state';
import type { Derived, Fact, InputEventBody } from '../../run/run-event';
import type { Answer } from '../../step/question';
import type { TextRef, ValueRef } from '../../step/value-ref';
import {
  anyJson,
  byKind,
  closed,
  digest,
  flag,
  listOf,
  nullable,
  oneOf,
  optional,
  whole,
  type Shape,
} from '../encoding/shape';

// The strict shape of journal entries: exactly the members of each event. The meaning of an event is documented at its declaration
// (run-event.ts).

type Event = InputEventBody | Derived | Fact;
type Members<E> = { readonly [K in keyof E]-?: Shape<E[K]> };
type Shapes<E extends { readonly type: string }> = {
  readonly [T in E['type']]: Members<Omit<Extract<E, { readonly type: T }>, 'type'>>;
};

/** Any string of a journal: an id, code, message or reason of a policy. Its length is limited where it is made. */
const text: Shape<string> = (value, path, note) => {
  if (typeof value !== 'string') note(path, 'a string is expected');
  return value as string;
};
const step = text as Shape<never>;
const code = text;
const subject = closed<Subject>({ iss: text, sub: text });
/** Milliseconds since the epoch; may have a fraction. */
const moment: Shape<number> = (value, path, note) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    note(path, 'a time in milliseconds is expected');
  return value as number;
};
const actor = closed<Actor>({ iss: text, sub: text, kind: oneOf('person', 'client') });
const exitCode = nullable<number>((value, path, note) => {
  if (!Number.isSafeInteger(value)) note(path, 'a whole number is expected');
  return value as number;
});

const valueRef: Shape<ValueRef> = nullable(
  byKind<NonNullable<ValueRef>>({
    value: closed({ kind: oneOf('value'), digest, size: whole }),
    children: closed({ kind: oneOf('children'), of: step, count: whole, digest }),
  }),
);

/** Values of input events have a digest of their own. Only the machine, in derived entries, refers to the results of child steps. */
const textRef: Shape<TextRef> = closed({ kind: oneOf('value'), digest, size: whole });
const statedRef: Shape<ValueRef> = nullable(textRef);

const answer = byKind<Answer>({
  truth: closed({ kind: oneOf('truth'), value: flag }),
  branch: closed({ kind: oneOf('branch'), index: nullable(whole) }),
  items: closed({ kind: oneOf('items'), items: statedRef, count: whole }),
  outputs: closed({ kind: oneOf('outputs'), outputs: statedRef }),
  message: closed({ kind: oneOf('message'), message: textRef }),
  inputs: closed({ kind: oneOf('inputs'), inputs: statedRef }),
  gate: closed({ kind: oneOf('gate'), request: statedRef, gateDigest: digest, expiresAt: moment, executeBy: moment }),
  reuse: closed({
    kind: oneOf('reuse'),
    source: nullable(closed({ run: text as Shape<never>, digest })),
    outputs: statedRef,
  }),
  fault: closed({ kind: oneOf('fault'), code: text, message: text }),
});

const gateDecision = closed<GateDecision>({
  decisionId: text,
  gateDigest: digest,
  planHash: digest,
  decision: oneOf('approved', 'rejected', 'withdrawn'),
  person: subject,
  onBehalfOf: nullable(subject),
  grants: listOf(text),
  actors: optional(listOf(actor)),
  decidedAt: moment,
});

const status = oneOf(...stepEnds);
const outcome = oneOf('approved', 'rejected', 'expired', 'closed');

const INPUTS: Shapes<InputEventBody> = {
  'run.claimed': {
    fence: whole,
    crashes: whole,
    quarantine: flag,
    worker: text,
    version: text,
    build: digest,
    probe: digest,
  },
  'run.cancel-requested': { by: subject, reason: text, force: flag },
  'run.failed': { code, step: nullable(step), message: text },
  'time.reached': {},
  'attempt.succeeded': { step, execution: whole, outputs: statedRef },
  'attempt.failed': { step, execution: whole, code, message: text, retryable: flag, exitCode },
  'attempt.stopped': { step, execution: whole, unknown: flag },
  'attempt.deferred': { step, execution: whole, until: moment },
  'attempt.assigned': { step, execution: whole, assignment: text },
  'attempt.lost': { step, execution: whole, began: flag },
  'attempt.unbegun': { step, execution: whole },
  'question.answered': {
    step,
    question: oneOf(
      ...(['when', 'items', 'branch', 'until', 'outputs', 'gate', 'inputs', 'reuse'] as const),
      ...(['successMessage', 'failureMessage'] as const),
    ),
    answer,
  },
  'policy.judged': {
    step,
    allow: flag,
    undecided: flag,
    reasons: listOf(text),
    engine: text,
    digest,
    input: statedRef,
  },
  'gate.decided': { step, decision: gateDecision, record: digest, response: statedRef },
  'attention.resolved': {
    step,
    execution: whole,
    outcome: oneOf('succeeded', 'failed', 'retry'),
    outputs: statedRef,
    record: digest,
  },
};

const DERIVED: Shapes<Derived> = {
  'run.started': {},
  'run.ended': {
    status: oneOf(...runEnds),
    code: nullable(code),
    step: nullable(step),
    outputs: valueRef,
    message: optional(textRef),
    messageError: optional(closed({ code, message: text })),
  },
  'cancel.accepted': { force: flag },
  'step.opened': { step, children: whole },
  'map.expanded': { step, items: valueRef, count: whole },
  'pack.entered': { step, inputs: valueRef },
  'step.started': { step, attempt: whole, execution: whole },
  'step.retrying': { step, attempt: whole, at: moment, code },
  'step.waiting': { step, until: moment },
  'step.attention': { step, attempt: whole, execution: whole },
  'step.ended': {
    step,
    status,
    code: nullable(code),
    attempts: whole,
    outputs: valueRef,
    message: nullable(text),
    exitCode,
  },
  'gate.opened': { step, request: valueRef, gateDigest: digest, expiresAt: moment, executeBy: moment },
  'gate.counted': { step, decisionId: text, approvals: whole, required: whole },
  'gate.ended': { step, outcome, code: nullable(code) },
  'given.ignored': { what: text, step: nullable(step), code },
};

/** Notes by code. Any other note is about an inbox message that a worker did not accept. */
const NOTES: ReadonlyMap<string, Shape<object>> = new Map<string, Shape<object>>([
  ['LOG_DROPPED', closed({ step: text, lines: whole, bytes: whole })],
  ['SECRET_VERSION', closed({ name: text, version: text })],
  ['SECRET_IN_ARTIFACT', closed({ step: text, execution: whole, name: text, digest, size: whole })],
  ['ARTIFACT_WITHHELD', closed({ step: text, execution: whole, name: text, path: text })],
  ['RECORD_WITHHELD', closed({ folder: text, step: text, letter: whole })],
  ['LOOP_ITEMS_LIMIT', closed({ step: text, items: whole, maxIterations: whole })],
  ['GATE_UNSATISFIABLE', closed({ gate: text, eligible: whole, required: whole })],
  [
    'ASSIGNMENT_HELD',
    closed({ assignment: text, fence: whole, name: text, version: text, build: digest, probe: digest }),
  ],
]);
const letterNote = closed({ letter: whole, what: text });

const note: Shape<Extract<Fact, { type: 'note' }>> = (value, path, report) => {
  const { code: named, detail } = (isJsonObject(value ?? null) ? value : {}) as { readonly [name: string]: Json };
  const shape = (typeof named === 'string' ? NOTES.get(named) : undefined) ?? letterNote;
  closed({ type: oneOf('note'), code, detail: anyJson })(value, path, report);
  shape(detail, `${path}/detail`, report);
  return value as never;
};

const FACT: Shapes<Exclude<Fact, { type: 'note' }>> = {
  log: { step, execution: whole, chunk: whole, lines: whole, bytes: whole, sha256: digest },
  'log.cut': { step, execution: whole },
  'artifact.captured': { step, execution: whole, name: text, path: text, digest, size: whole, mediaType: text },
  'tool.resolved': { step, execution: whole, path: text, digest },
  'material.mounted': { step, execution: whole, path: text, digest },
  'egress.closed': { step, execution: whole, allowed: whole, denied: whole, log: digest },
  state: { machine: whole, digest, values: nullable(digest) },
};

/** By kind of entry, its shapes by type of event. */
const KINDS: { readonly [kind: string]: ReadonlyMap<string, Shape<object>> } = {
  given: shapesOf(INPUTS),
  derived: shapesOf(DERIVED),
  fact: new Map([...shapesOf(FACT), ['note', note]]),
};

/** The names of all event types. The values are the string instances of this program, so that events can share them. */
export const EVENT_TYPES: ReadonlyMap<string, string> = new Map(
  Object.values(KINDS).flatMap((types) => [...types.keys()].map((type) => [type, type] as const)),
);

function shapesOf(members: object): ReadonlyMap<string, Shape<object>> {
  return new Map(
    Object.entries(members).map(([type, own]) => [type, closed<object>({ type: oneOf(type), ...(own as object) })]),
  );
}

/** An entry of a journal: `{seq, at, kind, event}` with an event of that kind. */
export const entryShape: Shape<Entry> = (value, path, note) => {
  const kind = isJsonObject(value ?? null) ? (value as { readonly kind?: Json }).kind : undefined;
  const shapes = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (shapes === undefined) {
    note(`${path}/kind`, 'one of given, derived, fact is expected');
    return value as unknown as Entry;
  }
  return entryOf(shapes)(value, path, note) as unknown as Entry;
};

const made = new Map<ReadonlyMap<string, Shape<object>>, Shape<object>>();

function entryOf(shapes: ReadonlyMap<string, Shape<object>>): Shape<object> {
  const known = made.get(shapes);
  if (known) return known;
  const event: Shape<Event> = (value, path, note) => {
    const type = isJsonObject(value ?? null) ? (value as { readonly type?: Json }).type : undefined;
    const shape = typeof type === 'string' ? shapes.get(type) : undefined;
    if (shape) return shape(value, path, note) as Event;
    note(`${path}/type`, 'an unknown event type');
    return value as unknown as Event;
  };
  const shape = closed<{ seq: number; at: number; kind: string; event: Event }>({
    seq: whole,
    at: moment,
    kind: text,
    event,
  });
  made.set(shapes, shape);
  return shape;
}
