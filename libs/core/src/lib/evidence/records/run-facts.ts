import { extended } from '../../foundation/extended';
import { onceFor } from '../../foundation/once-for';
import type { Digest, StepId } from '../../foundation/ids';
import { isJsonObject, type JsonObject } from '../../foundation/json';
import type { Entry, Page } from '../../journal/page';
import type { Derived, Fact, InputEventBody } from '../../run/run-event';
import type { ReusedStep } from '../../step/question';
import type { ValueRef } from '../../step/value-ref';

type Event = InputEventBody | Derived | Fact;
/** An event of a journal by its type. */
export type EventOf<Type extends Event['type']> = Extract<Event, { readonly type: Type }>;
/** An event and its position in the journal. */
export type Placed<Type extends Event['type']> = EventOf<Type> & { readonly seq: number; readonly at: number };

/** A gate according to the journal. */
export interface GateFact {
  readonly opened: Placed<'gate.opened'>;
  readonly ended: Placed<'gate.ended'> | null;
  /** Decisions that counted, in order. */
  readonly decided: readonly Placed<'gate.decided'>[];
}

/** The journal's information about one run, grouped as evidence needs it. Everything is in journal order. */
export interface RunFacts {
  readonly entries: readonly Entry[];
  readonly claims: readonly Placed<'run.claimed'>[];
  readonly startedAt: number | null;
  readonly ended: Placed<'run.ended'> | null;
  readonly gates: readonly GateFact[];
  readonly stepsStarted: readonly Placed<'step.started'>[];
  readonly stepsEnded: readonly Placed<'step.ended'>[];
  readonly judged: readonly Placed<'policy.judged'>[];
  /** Steps whose results a rerun reused. */
  readonly reused: ReadonlyMap<StepId, ReusedStep>;
  readonly expanded: ReadonlyMap<StepId, Placed<'map.expanded'>>;
  readonly logs: ReadonlyMap<StepId, readonly Placed<'log'>[]>;
  readonly artifacts: readonly Placed<'artifact.captured'>[];
  readonly egress: readonly Placed<'egress.closed'>[];
  readonly notes: readonly Placed<'note'>[];
  /** Facts of one step: tools, materials, stops, resolutions. */
  readonly ofStep: ReadonlyMap<StepId, readonly StepFact[]>;
}

type StepFactType =
  | 'tool.resolved'
  | 'material.mounted'
  | 'attempt.stopped'
  | 'step.attention'
  | 'attention.resolved'
  | 'step.started';
/** The journal's information about one step, without its end. */
export type StepFact = { readonly [Type in StepFactType]: Placed<Type> }[StepFactType];

/** Details of the notes with a code, as far as they are objects. */
export function noteDetails({ notes }: Pick<RunFacts, 'notes'>, code: string): readonly JsonObject[] {
  return notes.flatMap((note) => (note.code === code && isJsonObject(note.detail) ? [note.detail] : []));
}

/** A worker as the journal names it. */
export interface NamedWorker {
  readonly version: string;
  readonly build: Digest;
  readonly probe: Digest;
}

/** Workers that drove the run or executed its assignments, without duplicates. */
export function workersOf(facts: Pick<RunFacts, 'claims' | 'notes'>): readonly NamedWorker[] {
  const held = noteDetails(facts, 'ASSIGNMENT_HELD') as unknown as readonly NamedWorker[];
  const named = [...facts.claims, ...held].map(
    ({ version, build, probe }) => [`${version} ${build} ${probe}`, { build, probe, version }] as const,
  );
  return [...new Map(named).values()];
}

/** The digest of a value; null if there is no value. */
export function digestOfRef(ref: ValueRef): Digest | null {
  return ref === null ? null : ref.digest;
}

// Written out member by member, because every step has one: spreading a parsed object takes several times as long.

function placedStart(
  { type, step, attempt, execution }: EventOf<'step.started'>,
  seq: number,
  at: number,
): Placed<'step.started'> {
  return { type, step, attempt, execution, seq, at };
}

function placedLog(
  { type, step, execution, chunk, lines, bytes, sha256 }: EventOf<'log'>,
  seq: number,
  at: number,
): Placed<'log'> {
  return { type, step, execution, chunk, lines, bytes, sha256, seq, at };
}

function placedEgress(
  { type, step, execution, allowed, denied, log }: EventOf<'egress.closed'>,
  seq: number,
  at: number,
): Placed<'egress.closed'> {
  return { type, step, execution, allowed, denied, log, seq, at };
}

function placedMaterial(
  { type, step, execution, path, digest }: EventOf<'tool.resolved' | 'material.mounted'>,
  seq: number,
  at: number,
): Placed<'tool.resolved' | 'material.mounted'> {
  return { type, step, execution, path, digest, seq, at };
}

function placedEnd(
  { type, step, status, code, attempts, outputs, message, exitCode }: EventOf<'step.ended'>,
  seq: number,
  at: number,
): Placed<'step.ended'> {
  return { type, step, status, code, attempts, outputs, message, exitCode, seq, at };
}

/** Reads a journal. Decisions and resolutions that the run ignored (late, duplicate) are left out. A seal asks several times for the same pages. */
export const factsOf: (pages: readonly Page[]) => RunFacts = onceFor(read);

function read(pages: readonly Page[]): RunFacts {
  const entries = pages.flatMap((page) => page.entries);
  const gates: {
    opened: Placed<'gate.opened'>;
    ended: Placed<'gate.ended'> | null;
    decided: Placed<'gate.decided'>[];
  }[] = [];
  const openGate = (step: StepId): (typeof gates)[number] | undefined =>
    gates.findLast((gate) => gate.opened.step === step);
  const logs = new Map<StepId, Placed<'log'>[]>();
  const ofStep = new Map<StepId, StepFact[]>();
  const expanded = new Map<StepId, Placed<'map.expanded'>>();
  const reused = new Map<StepId, ReusedStep>();
  const found = {
    claims: [] as Placed<'run.claimed'>[],
    startedAt: null as number | null,
    ended: null as Placed<'run.ended'> | null,
    stepsStarted: [] as Placed<'step.started'>[],
    stepsEnded: [] as Placed<'step.ended'>[],
    judged: [] as Placed<'policy.judged'>[],
    artifacts: [] as Placed<'artifact.captured'>[],
    egress: [] as Placed<'egress.closed'>[],
    notes: [] as Placed<'note'>[],
  };
  const push = <K, V>(map: Map<K, V[]>, key: K, value: V): void =>
    void (map.get(key)?.push(value) ?? map.set(key, [value]));
  let lastDecision: { gate: (typeof gates)[number]; decision: Placed<'gate.decided'> } | null = null;
  for (const { seq, at, kind, event } of entries) {
    if (kind === 'given') lastDecision = null;
    switch (event.type) {
      case 'run.claimed':
        found.claims.push(extended(event, { seq, at }));
        break;
      case 'run.started':
        found.startedAt ??= at;
        break;
      case 'run.ended':
        found.ended ??= extended(event, { seq, at });
        break;
      case 'gate.opened':
        gates.push({ opened: extended(event, { seq, at }), ended: null, decided: [] });
        break;
      case 'gate.decided': {
        const [gate, decision] = [openGate(event.step), extended(event, { seq, at })];
        if (!gate) break;
        gate.decided.push(decision);
        lastDecision = { gate, decision };
        break;
      }
      case 'given.ignored':
        if (event.what === 'gate.decided' && lastDecision) {
          const { gate, decision } = lastDecision;
          gate.decided = gate.decided.filter((one) => one !== decision);
        }
        if (event.what === 'attention.resolved' && event.step) ofStep.get(event.step)?.pop();
        break;
      case 'gate.ended': {
        const gate = openGate(event.step);
        if (gate) gate.ended ??= extended(event, { seq, at });
        break;
      }
      case 'policy.judged':
        found.judged.push(extended(event, { seq, at }));
        break;
      case 'question.answered':
        if (event.answer.kind === 'reuse' && event.answer.source !== null) reused.set(event.step, event.answer.source);
        break;
      case 'map.expanded':
        expanded.set(event.step, extended(event, { seq, at }));
        break;
      case 'step.started': {
        const placed = placedStart(event, seq, at);
        found.stepsStarted.push(placed);
        push(ofStep, event.step, placed);
        break;
      }
      case 'step.ended':
        found.stepsEnded.push(placedEnd(event, seq, at));
        break;
      case 'log':
        push(logs, event.step, placedLog(event, seq, at));
        break;
      case 'artifact.captured':
        found.artifacts.push(extended(event, { seq, at }));
        break;
      case 'egress.closed':
        found.egress.push(placedEgress(event, seq, at));
        break;
      case 'note':
        found.notes.push(extended(event, { seq, at }));
        break;
      case 'tool.resolved':
      case 'material.mounted':
        push(ofStep, event.step, placedMaterial(event, seq, at));
        break;
      case 'attempt.stopped':
      case 'step.attention':
      case 'attention.resolved':
        push(ofStep, event.step, extended(event, { seq, at }));
        break;
      default:
        break;
    }
  }
  return { entries, ...found, gates, reused, expanded, logs, ofStep };
}
