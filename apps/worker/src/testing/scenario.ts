import { aBlock, aRunNode, type Random } from '@taskrunner/core/testing';
import type { StoreTrouble } from './troubled-objects';

type Block = ReturnType<typeof aBlock>;
type Node = Block['nodes'][number];

/** The behaviour of a step in the harness: the `with` of its node. */
export interface Deed {
  /** Duration, milliseconds. */
  readonly ms: number;
  readonly lines: number;
  /** Number of attempts that fail before one succeeds. */
  readonly failures: number;
  /** It kills its worker. */
  readonly poison: boolean;
  /** Its outputs cannot be stored. */
  readonly refused: boolean;
}

/** Decisions of people at an open gate. */
export interface Manner {
  /** Delays after the opening, one per person, milliseconds. */
  readonly decisions: readonly {
    readonly person: string;
    readonly says: 'approved' | 'rejected' | 'withdrawn';
    readonly ms: number;
  }[];
}

export interface RunSpec {
  readonly number: number;
  readonly tenant: string;
  /** Time of its submission, milliseconds from the start. */
  readonly at: number;
  readonly graph: Block;
  /** Items of its maps. */
  readonly list: readonly number[];
  readonly poison: boolean;
  readonly required: number;
  readonly expiresAfterMs: number;
  readonly runMs: number | null;
  readonly manners: readonly Manner[];
}

/** A worker by its number, by the run that it drives, or by the run of which it holds an assignment. */
export type Target = { readonly place: number } | { readonly of: number } | { readonly holdingOf: number };

/** Disturbances, each with its time. A shorter list is a simpler story. */
export type Disturbance = { readonly at: number } & (
  | { readonly kind: 'kill'; readonly worker: Target }
  | { readonly kind: 'freeze'; readonly worker: Target; readonly ms: number }
  | { readonly kind: 'cut-off'; readonly worker: Target; readonly ms: number }
  | { readonly kind: 'drain'; readonly worker: Target; readonly graceMs: number }
  | { readonly kind: 'outage'; readonly ms: number }
  | {
      readonly kind: 'messages';
      readonly ms: number;
      readonly fate: 'unsent' | 'unanswered' | 'late' | 'again';
      readonly rate: number;
    }
  | { readonly kind: 'store'; readonly ms: number; readonly trouble: StoreTrouble }
  | { readonly kind: 'cancel'; readonly run: number; readonly force: boolean }
);

/** How the workers of a story share the ready executions of their maps. */
export interface FanOutSpec {
  /** Number of execution slots of a worker. */
  readonly slots: number;
  /** Maximum number of executions in one assignment. */
  readonly items: number;
}

export interface Scenario {
  readonly seed: number;
  /** The theme of this story. */
  readonly theme: Theme;
  readonly workers: number;
  readonly concurrency: number;
  /** Maximum time that a child takes to stop, milliseconds. */
  readonly graceMs: number;
  /** Null: each worker executes only what it drives. */
  readonly fanOut: FanOutSpec | null;
  readonly runs: readonly RunSpec[];
  readonly disturbances: readonly Disturbance[];
}

/** Themes, which make related disturbances coincide: each with the kinds from which it draws. */
const THEMES = {
  mixed: ['kill', 'freeze', 'cut-off', 'drain', 'outage', 'messages', 'messages', 'cancel', 'cancel'],
  deaths: ['kill', 'kill', 'kill', 'freeze', 'cut-off', 'messages'],
  messages: ['messages', 'messages', 'messages', 'cancel', 'drain'],
  outages: ['outage'],
  gates: ['messages', 'cancel', 'outage'],
  poison: ['kill', 'messages', 'drain', 'cancel'],
} as const;
/** `store`: only the object store is disturbed (`store-scenario.ts`). */
export type Theme = keyof typeof THEMES | 'store';
const OFTEN: readonly (keyof typeof THEMES)[] = ['mixed', 'mixed', 'deaths', 'messages', 'outages', 'gates', 'poison'];

export function makeScenario(random: Random, seed: number): Scenario {
  const theme = random.pick(OFTEN);
  const workers = random.int(theme === 'outages' ? 2 : 1, 3);
  const runs = Array.from({ length: random.int(1, 3) }, (_, number) =>
    makeRun(random, number, theme, theme === 'poison' && number === 0),
  );
  return {
    ...{ seed, theme, workers, runs, fanOut: null, graceMs: 600 },
    concurrency: random.pick([1, 2, 4]),
    disturbances: makeDisturbances(random, theme, workers, runs.length),
  };
}

function makeRun(random: Random, number: number, theme: Theme, poison: boolean): RunSpec {
  const counter = { next: 0, theme };
  const graph = sequence(random, counter, random.int(1, 3), 0);
  const nodes = poison ? [...graph.nodes, poisonNode(graph)] : graph.nodes;
  return {
    ...{ number, poison },
    tenant: random.pick(['acme', 'acme', 'bravo']),
    at: random.int(0, 3_000),
    graph: { ...graph, nodes },
    list: [1, 2, 3],
    required: random.pick([1, 1, 2]),
    expiresAfterMs: random.pick([3_000, 20_000, 40_000]),
    runMs: random.chance(0.1) ? 15_000 : null,
    manners: Array.from({ length: 4 }, () => makeManner(random)),
  };
}

const PEOPLE = ['grace', 'linus', 'barbara', 'edsger'];

function makeManner(random: Random): Manner {
  const together = random.chance(0.5) ? random.int(200, 6_000) : null;
  const says = (): 'approved' | 'rejected' | 'withdrawn' =>
    random.pick(['approved', 'approved', 'approved', 'approved', 'approved', 'withdrawn', 'rejected']);
  return {
    decisions: Array.from({ length: random.int(1, 4) }, (_, index) => ({
      person: random.chance(0.8) ? (PEOPLE[index] ?? 'grace') : random.pick(PEOPLE),
      says: says(),
      ms: together === null ? random.int(100, 9_000) : together + random.int(0, 4),
    })),
  };
}

interface Counter {
  next: number;
  readonly theme: Theme;
}

function common(id: string, earlier: readonly Node[]) {
  return {
    id,
    name: null,
    when: null,
    needs: earlier.slice(-1).map((node) => node.id),
    stated: false,
    workers: [],
    timeoutMs: null,
  };
}

function sequence(random: Random, counter: Counter, size: number, depth: number): Block {
  const nodes: Node[] = [];
  for (let i = 0; i < size; i++) nodes.push(makeNode(random, counter, nodes, depth));
  return aBlock(nodes, { continueOnError: random.chance(0.2) });
}

function makeNode(random: Random, counter: Counter, earlier: readonly Node[], depth: number): Node {
  const id = `s${counter.next++}`;
  const of = common(id, earlier);
  const kind =
    counter.theme === 'gates' && random.chance(0.5)
      ? 'gate'
      : random.pick(
          depth > 0 ? ['run', 'run', 'run', 'gate'] : ['run', 'run', 'run', 'gate', 'parallel', 'map', 'wait'],
        );
  switch (kind) {
    case 'gate':
      return {
        ...of,
        ...{
          kind: 'gate',
          runOn: 'success',
          approval: 'people',
          policy: null,
          with: {},
          message: 'go?',
          show: {},
          form: null,
        },
      };
    case 'wait':
      return aRunNode(id, { ...of, uses: 'builtin:wait', with: { ms: random.pick([300, 2_500, 6_000]) } });
    case 'parallel': {
      const nodes = Array.from({ length: random.int(2, 3) }, () => ({
        ...makeNode(random, counter, [], 1),
        stated: true,
      }));
      const body = aBlock(nodes, { maxParallel: random.pick([null, 1, 2]) });
      return { ...of, kind: 'parallel', runOn: 'success', continueOnError: false, body };
    }
    case 'map': {
      const continueOnError = random.chance(0.5);
      const width = random.pick([null, 1, 2]);
      return mapNode(of, { continueOnError, width, body: sequence(random, counter, 1, 1) });
    }
    default:
      return leaf(random, id, of, counter.theme);
  }
}

function mapNode(
  of: ReturnType<typeof common>,
  more: { readonly continueOnError: boolean; readonly width: number | null; readonly body: Block },
): Node {
  return {
    ...of,
    ...{ kind: 'map', runOn: 'success', items: '{{ inputs.list }}', iterator: 'item', index: 'index' },
    ...{ label: null, maxItems: null, outputs: null },
    ...more,
  };
}

/** A map of leaves with effects that begins with its run; `kills`: one of them kills its worker. */
export function fanOf(random: Random, theme: Theme, kills: boolean): Node {
  const counter = { next: 0, theme };
  const id = 'fan';
  const act = actingLeaf(random, 'act', common('act', []), theme);
  const more = random.chance(0.3) ? [makeNode(random, counter, [act], 1)] : [];
  const nodes = kills ? [...[act], { ...poisonNode(aBlock([act])), runOn: 'success' } as Node] : [act, ...more];
  const body = aBlock(nodes, { continueOnError: random.chance(0.2) });
  return mapNode(common(id, []), { continueOnError: random.chance(0.6), width: random.pick([null, null, 3]), body });
}

function leaf(random: Random, id: string, of: ReturnType<typeof common>, theme: Theme): Node {
  if (random.chance(0.2)) return aRunNode(id, { ...of, with: { n: random.int(0, 9) } });
  return actingLeaf(random, id, of, theme);
}

function actingLeaf(random: Random, id: string, of: ReturnType<typeof common>, theme: Theme): Node {
  const long = theme === 'deaths' || theme === 'outages';
  const deed: Deed = {
    ms: random.pick(long ? [400, 4_000, 9_000] : [20, 400, 400, 1_500, 4_000]),
    lines: random.pick([0, 0, 1, 3, 20]),
    failures: random.pick([0, 0, 0, 0, 1, 9]),
    poison: false,
    refused: random.chance(0.02),
  };
  const node = aRunNode(id);
  return aRunNode(id, {
    ...of,
    uses: 'builtin:command',
    with: { ...deed },
    effects: random.pick(['idempotent', 'idempotent', 'once']),
    runOn: random.pick(['success', 'success', 'success', 'success', 'always', 'failure']),
    timeoutMs: random.chance(0.05) ? 1_000 : null,
    continueOnError: random.chance(0.2),
    retries: { ...node.retries, maxAttempts: random.pick([1, 2, 3]), backoffMs: random.pick([0, 500, 2_000]) },
  });
}

function poisonNode(graph: Block): Node {
  const deed: Deed = { ms: 300, lines: 1, failures: 0, poison: true, refused: false };
  return aRunNode('poison', {
    ...common('poison', graph.nodes),
    runOn: 'always',
    uses: 'builtin:command',
    with: { ...deed },
    effects: 'idempotent',
  });
}

function makeDisturbances(random: Random, theme: keyof typeof THEMES, workers: number, runs: number): Disturbance[] {
  const made = Array.from({ length: random.int(theme === 'mixed' ? 0 : 1, 6) }, () =>
    makeDisturbance(random, theme, workers, runs),
  );
  return made.sort((a, b) => a.at - b.at);
}

function makeDisturbance(random: Random, theme: keyof typeof THEMES, workers: number, runs: number): Disturbance {
  const at = random.int(100, theme === 'gates' ? 8_000 : theme === 'deaths' ? 40_000 : 20_000);
  // Of a run: the worker that drives it at that time.
  const worker = random.chance(0.5) ? { place: random.int(0, workers - 1) } : { of: random.int(0, runs - 1) };
  const kind = random.pick<Exclude<Disturbance['kind'], 'store'>>(THEMES[theme]);
  switch (kind) {
    case 'outage':
      return { kind, at, ms: random.pick(theme === 'outages' ? [9_000, 15_000] : [50, 3_000, 12_000]) };
    case 'messages':
      return {
        ...{ kind, at, ms: random.pick([300, 3_000, 9_000]), rate: random.pick([0.1, 0.4, 0.9]) },
        fate: random.pick(['unsent', 'unanswered', 'unanswered', 'late', 'late', 'again']),
      };
    case 'cancel':
      return cancelOf(random, at, runs);
    default:
      return blowTo(random, kind, at, worker);
  }
}

/** Disturbances of one worker. */
export function blowTo(
  random: Random,
  kind: 'kill' | 'freeze' | 'cut-off' | 'drain',
  at: number,
  worker: Target,
): Disturbance {
  switch (kind) {
    case 'kill':
      return { kind, at, worker };
    case 'freeze':
    case 'cut-off':
      return { kind, at, worker, ms: random.pick([500, 5_000, 9_000, 14_000]) };
    case 'drain':
      return { kind, at, worker, graceMs: random.pick([0, 1_000, 5_000]) };
  }
}

/** The cancellation of one of the runs is requested. */
export function cancelOf(random: Random, at: number, runs: number): Disturbance {
  return { kind: 'cancel', at, run: random.int(0, runs - 1), force: random.chance(0.3) };
}
