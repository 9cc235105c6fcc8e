import { RunProjection } from '../binding/run-projection';
import { digestOf } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import { indexPlan, type PlanIndex } from '../plan/plan-index';
import { advance, initialState } from '../run/advance';
import { MACHINE_VERSION, type RunState } from '../run/run-state';
import type { StepState } from '../step/step-state';
import { Random } from '../../testing/random/random';
import { randomPlan, testDefaults, testRules } from '../../testing/random/random-plan';
import { RandomWorld } from '../../testing/random/random-world';
import type { Entry } from './page';
import { ReplayState } from './replay-state';
import { replay } from './replay';
import { SnapshotReader, takeSnapshot, type Snapshot } from './snapshot';
import { searched } from '../../testing/runs-of-laws';

const PLANS = searched(300, 4_000);

interface Played {
  readonly planIndex: PlanIndex;
  readonly begun: RunState;
  /** Each given with what it led to. */
  readonly turns: readonly (readonly Entry[])[];
}

function played(seed: number): Played {
  const random = new Random(seed);
  const planIndex = indexPlan(randomPlan(random), digestOf('plan'), testDefaults, testRules);
  const { entries, state } = new RandomWorld(planIndex, random).play();
  const turns: Entry[][] = [];
  for (const entry of entries) {
    if (entry.kind === 'given') turns.push([entry]);
    else turns.at(-1)?.push(entry);
  }
  return { planIndex, begun: initialState(planIndex, state.runId, state.initiators, state.reuses), turns };
}

/** A state without the internal structure of its maps. */
function plain(state: RunState): unknown {
  const steps = state.steps.entries().map(([step, one]) => {
    const ready = 'ready' in one ? one.ready.items() : null;
    return [step, { ...one, ready, results: one.kind === 'repeat' ? one.results.entries() : null }];
  });
  return { ...state, steps, wakes: state.wakes.entries() };
}

function stateEntry(digest: Digest): Entry {
  return { seq: 0, at: 0, kind: 'fact', event: { type: 'state', machine: MACHINE_VERSION, digest, values: null } };
}

/** Snapshots of a run before some of its turns, its entries with them, and its state at the last one. */
function withSnapshots({ planIndex, begun, turns }: Played, every: number) {
  const replayState = new ReplayState();
  const documents: Snapshot[] = [];
  const entries: Entry[] = [];
  let state = begun;
  let at = { state, results: new Map(replayState.results.all()), left: 0 };
  turns.forEach((turn, index) => {
    if (index % every === every - 1) {
      const { results, fence, lastLine, last } = replayState;
      const { text, digest } = takeSnapshot(last, { state, results, fence, lastLine });
      documents.push(JSON.parse(text) as Snapshot);
      entries.push(stateEntry(digest));
      expect(replayState.take(stateEntry(digest), state)).toBe(true);
      at = { state, results: new Map(results.all()), left: index };
    }
    entries.push(...turn);
    state = replay(planIndex, state, turn, replayState).state;
  });
  return { documents, entries, at, end: { state, results: new Map(replayState.results.all()) } };
}

function readBack(begun: RunState, documents: readonly Snapshot[]) {
  const [last, ...older] = [...documents].reverse();
  if (!last) throw new TypeError('no snapshot');
  const reader = new SnapshotReader(begun, last);
  for (const one of older) reader.add(one);
  return reader.restorePoint();
}

describe('snapshots, over random plans', () => {
  it(`bring back where the run stood, and it goes on as if nothing had been, for ${PLANS} plans`, () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= PLANS; seed++) {
      const run = played(seed);
      const { documents, at, end } = withSnapshots(run, 1 + (seed % 7));
      if (documents.length === 0) continue;
      const found = readBack(run.begun, documents);
      if (!found) throw new Error(`seed ${seed}: something is missing`);
      expect(plain(found.state)).toEqual(plain(at.state));
      expect(new Map(found.results.all())).toEqual(at.results);
      const replayState = new ReplayState(found);
      const again = replay(run.planIndex, found.state, run.turns.slice(at.left).flat(), replayState);
      expect(again.diverged).toBeNull();
      expect(plain(again.state)).toEqual(plain(end.state));
      expect(new Map(replayState.results.all())).toEqual(end.results);
      for (const [, state] of at.state.steps.entries()) for (const part of partsOf(state)) kinds.add(part);
      if (at.state.ending !== null) kinds.add('ending');
      if (at.state.openGates > 0) kinds.add('openGates');
    }
    expect([...kinds].sort()).toEqual(PARTS);
  }, 300_000);

  it('are what a replay demands: none that says something else, and none within a turn', () => {
    let compared = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const run = played(seed);
      const all = withSnapshots(run, 3).entries;
      expect(replay(run.planIndex, run.begun, all).diverged).toBeNull();
      const place = all.findIndex(({ event }) => event.type === 'state');
      const entries = all.filter(({ event }, index) => event.type !== 'state' || index === place);
      // A turn in which a step moves, so that the state of the run differs afterwards.
      const moves = entries.findIndex(({ event }, index) => index > place && event.type.startsWith('step.'));
      const after = entries.findIndex(({ kind }, index) => index > moves && kind === 'given');
      if (place < 0 || moves < 0 || after < 0) continue;
      const snapshot: Entry = { ...(entries[place] as Entry), seq: -1 };
      const putAt = (index: number) => entries.toSpliced(index, 0, snapshot).toSpliced(place, 1);
      expect(replay(run.planIndex, run.begun, putAt(after)).diverged).toEqual({ seq: -1, expected: null });
      expect(replay(run.planIndex, run.begun, putAt(moves)).diverged?.seq).toBe(-1);
      const other = entries.with(place, { ...stateEntry(digestOf('other')), seq: -1 });
      expect(replay(run.planIndex, run.begun, other).diverged).toEqual({ seq: -1, expected: null });
      compared++;
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('hold of what only grows what is new, and name the one before', () => {
    const run = Array.from({ length: 200 }, (_, seed) => played(seed + 1)).find(({ turns }) => turns.length > 30);
    if (!run) throw new TypeError('no long run');
    const { documents } = withSnapshots(run, 5);
    const [first, second] = documents as [Snapshot, Snapshot];
    expect(first.before).toBeNull();
    expect(second.before).toBe(digestOf(first as never));
    const said = documents.map(({ results }) => results.length);
    const whole = readBack(run.begun, documents)?.results ?? new RunProjection();
    expect(Math.max(...said)).toBeLessThan([...whole.all()].length);
  });

  it('are not believed if one of them is missing', () => {
    let missed = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const run = played(seed);
      const { documents } = withSnapshots(run, 4);
      const last = documents.at(-1);
      if (!last) continue;
      const grew = Object.values(last.steps).some((step) => step.kind === 'repeat' && step.known > step.results.length);
      if (!grew) continue;
      missed++;
      expect(readBack(run.begun, documents.slice(-1))).toBeNull();
    }
    expect(missed).toBeGreaterThan(0);
  });
});

describe('what happens after a snapshot', () => {
  it('is told by a machine that advances alike', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const run = played(seed);
      const { documents, at } = withSnapshots(run, 2);
      const found = documents.length > 0 ? readBack(run.begun, documents) : null;
      const supplied = run.turns[at.left]?.[0];
      if (!found || supplied?.kind !== 'given') continue;
      const [one, other] = [at.state, found.state].map((state) =>
        advance(run.planIndex, state, { ...supplied.event, at: supplied.at }),
      );
      expect(other?.commands).toEqual(one?.commands);
      expect(other?.events).toEqual(one?.events);
    }
  });
});

/** Parts of the state that could be forgotten. */
const PARTS = [
  ...['attention', 'deciding', 'delaying', 'ended', 'ending', 'group', 'judging', 'openGates', 'pending', 'repeat'],
  ...['repeat/between', 'repeat/loop', 'repeat/results', 'retrying', 'running', 'running/stopping', 'waiting', 'ready'],
].sort();

function partsOf(state: StepState): readonly string[] {
  const parts: string[] = [state.kind];
  if ('ready' in state && state.ready.items().length > 0) parts.push('ready');
  if (state.kind === 'running' && state.stopping !== null) parts.push('running/stopping');
  if (state.kind === 'repeat' && state.loop !== null) parts.push('repeat/loop');
  if (state.kind === 'repeat' && state.loop?.between) parts.push('repeat/between');
  if (state.kind === 'repeat' && state.results.size > 0) parts.push('repeat/results');
  return parts;
}
