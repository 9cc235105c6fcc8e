import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import { RunProjection } from '../binding/run-projection';
import { writtenResult, type WrittenResult } from '../binding/written-result';
import type { Digest, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { PersistentMap } from '../foundation/persistent-map';
import { PersistentQueue } from '../foundation/persistent-queue';
import type { RunState } from '../run/run-state';
import type { Container, StepState } from '../step/step-state';

// A claim resumes from a snapshot instead of replaying the whole journal (ADR 39). It holds the state of the machine and the
// journal's results of each step. Of data that only grows (results of steps, digests of a map's items) it holds the additions since the
// previous snapshot, which it names by digest. The total size of all snapshots is thus proportional to the run, and the last one proves the
// others.

/** Number of entries after which a driver writes the next snapshot. */
export const SNAPSHOT_ENTRIES = 10_000;
/** Maximum size of a snapshot in bytes. A larger one is not written. */
export const SNAPSHOT_BYTES = 16 * 1024 * 1024;

type Repeat = Extract<StepState, { kind: 'repeat' }>;
type Written<State> = State extends Container
  ? Omit<State, 'ready' | 'results'> & { readonly ready: readonly StepId[] }
  : State;
/** A step's state in a snapshot. */
type WrittenStep =
  | Exclude<Written<StepState>, { kind: 'repeat' }>
  | (Written<Repeat> & {
      /** Digests of the outputs of items that ended since the previous snapshot, and the total number of known digests. */
      readonly results: readonly (readonly [index: string, Digest | ''])[];
      readonly known: number;
    });

/** The document that a `state` entry names. Long data is in lists, which RFC 8785 does not need to sort. */
export interface Snapshot {
  /** The previous snapshot. */
  readonly before: Digest | null;
  /** Fence of the last claim. The MACs of the following pages use it. */
  readonly fence: number;
  readonly lastLine: number;
  readonly run: Pick<RunState, 'phase' | 'ending' | 'counts' | 'openGates' | 'timer' | 'result'> &
    // Left out if no message was asked for.
    Partial<Pick<RunState, 'closing'>>;
  readonly steps: { readonly [step: StepId]: WrittenStep };
  readonly wakes: { readonly [step: StepId]: number };
  /** Steps with new results, in the order of their first event. */
  readonly results: readonly (readonly [StepId, WrittenResult])[];
  readonly secrets: { readonly [name: string]: string };
}

/** The last snapshot of a journal, on which the next one is based. */
export interface LastSnapshot {
  /** Number of its entry; 0: there is none. */
  readonly seq: number;
  readonly digest: Digest | null;
  readonly steps: RunState['steps'];
}

/** The head of an empty journal. */
export const NO_SNAPSHOT: LastSnapshot = { seq: 0, digest: null, steps: PersistentMap.empty() };

/** The state that a journal determines up to an entry. */
export interface RestorePoint {
  readonly state: RunState;
  /** Settled at the last snapshot. */
  readonly results: RunProjection;
  readonly fence: number;
  readonly lastLine: number;
}

/** The snapshot of a run's current state, with its digest. */
export function takeSnapshot(
  last: LastSnapshot,
  { state, results, fence, lastLine }: RestorePoint,
): { readonly text: string; readonly digest: Digest } {
  const { phase, ending, counts, openGates, timer, closing, result } = state;
  const snapshot: Snapshot = {
    before: last.digest,
    fence,
    lastLine,
    run: { phase, ending, counts, openGates, timer, ...(closing === null ? {} : { closing }), result },
    steps: Object.fromEntries(state.steps.entries().map(([step, one]) => [step, written(one, last.steps.get(step))])),
    wakes: Object.fromEntries(state.wakes.entries()),
    results: [...results.changed()].flatMap((step) => {
      const said = results.get(step);
      return said ? [[step, writtenResult(said)] as const] : [];
    }),
    secrets: Object.fromEntries(results.secretVersions()),
  };
  const text = canonical(snapshot as unknown as Json);
  return { text, digest: sha256(text) };
}

function written(state: StepState, before: StepState | undefined): WrittenStep {
  if (state.kind === 'group') return { ...state, ready: state.ready.items() };
  if (state.kind !== 'repeat') return state;
  const { results } = state;
  const known = before?.kind === 'repeat' ? before.results : PersistentMap.empty<string, Digest | ''>();
  return {
    ...state,
    ready: state.ready.items(),
    results: [...results.since(known)].sort(([a], [b]) => Number(a) - Number(b)),
    known: results.size,
  };
}

/** The state of a run from its snapshots, which are added from the last one back to the first. */
export class SnapshotReader {
  private readonly results = new Map<StepId, WrittenResult>();
  private readonly items = new Map<StepId, Map<string, Digest | ''>>();

  constructor(
    /** The state in which the run began, which is in no snapshot. */
    private readonly begun: RunState,
    private readonly last: Snapshot,
  ) {
    for (const [step, state] of entriesOf(last.steps)) if (state.kind === 'repeat') this.items.set(step, new Map());
    this.add(last);
  }

  add(snapshot: Snapshot): void {
    for (const [step, result] of snapshot.results) if (!this.results.has(step)) this.results.set(step, result);
    for (const [step, items] of this.items) {
      const state = snapshot.steps[step];
      if (state?.kind !== 'repeat') continue;
      for (const [index, digest] of state.results) if (!items.has(index)) items.set(index, digest);
    }
  }

  /** Null if a part is missing. The snapshots then do not belong to the same run. */
  restorePoint(): RestorePoint | null {
    const { last } = this;
    const steps: [StepId, StepState][] = [];
    for (const [step, state] of entriesOf(last.steps)) {
      if (state.kind !== 'repeat') steps.push([step, read(state)]);
      else {
        const { known, ...rest } = state;
        const results = PersistentMap.of(this.items.get(step) ?? []);
        if (results.size !== known) return null;
        steps.push([step, { ...rest, ready: PersistentQueue.of(state.ready), results }]);
      }
    }
    return {
      state: {
        ...this.begun,
        ...last.run,
        steps: PersistentMap.of(steps),
        wakes: PersistentMap.of(entriesOf(last.wakes)),
      },
      results: RunProjection.settled(this.results, Object.entries(last.secrets)),
      fence: last.fence,
      lastLine: last.lastLine,
    };
  }
}

function read(state: Exclude<WrittenStep, { kind: 'repeat' }>): StepState {
  return state.kind === 'group' ? { ...state, ready: PersistentQueue.of(state.ready) } : state;
}

function entriesOf<Value>(record: { readonly [step: StepId]: Value }): readonly [StepId, Value][] {
  return Object.entries(record) as [StepId, Value][];
}
