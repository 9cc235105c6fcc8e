import { RERUN_FROM } from '../lib/binding/reuse';
import { Knowledge } from '../lib/simulation/knowledge';
import { parseScript } from '../lib/simulation/script';
import { SimulatedWorld } from '../lib/simulation/simulated-world';
import type { RunId, StepId } from '../lib/foundation/ids';
import type { Json, JsonObject } from '../lib/foundation/json';
import type { Unnumbered } from '../lib/journal/page';
import { replay } from '../lib/journal/replay';
import { RunDriver, type Driven } from '../lib/operations/driver/drive-run';
import { nodeOf } from '../lib/plan/place';
import { runNodeAt } from '../lib/plan/plan-index';
import type { Planned } from '../lib/plan/plan-request';
import { Executor, type ExecutionRequest, type Outcome } from '../lib/ports/executor';
import { initialState, isParked, nextWakeAt } from '../lib/run/advance';
import type { Derived } from '../lib/run/run-event';
import { parseDuration } from '../lib/pack/model/duration';
import { healthOf, MemoryObjects } from './memory-objects';
import { MemoryWorld } from './memory-world';

// One plan, played twice under the same assumptions: by the simulation, and by the driver of real runs in a world in memory.

/** What both worlds let happen: how steps end by node, and that gates are refused by name. Everything else succeeds. */
export interface Assumptions {
  readonly failing: ReadonlySet<string>;
  readonly refused: ReadonlySet<string>;
}

/** An event as both worlds can know it: without times, digests of what only one of them has, and values. */
export function seen(event: Derived): string {
  const { type, step, status, code, execution, attempt, outcome, count, children } = event as unknown as JsonObject;
  return JSON.stringify({ type, step, status, code, execution, attempt, outcome, count, children });
}

/** The derived events of a simulation. */
export function simulatedEvents(planned: Planned, { failing, refused }: Assumptions): readonly Derived[] {
  const script: Record<string, Json> = {};
  for (const { id, node } of planned.index.nodes.values()) {
    if (node.kind === 'run' && failing.has(id)) script[id] = { status: 'failed', error: { code: 'EXIT_1' } };
    if (node.kind === 'gate' && node.policy === null && refused.has(id)) script[id] = 'rejected';
  }
  const parsed = parseScript(script, planned.index);
  if (parsed.kind === 'refused') throw new TypeError('the script names steps of the plan');
  const knowledge = new Knowledge(planned);
  const events: Derived[] = [];
  const take = knowledge.results.take.bind(knowledge.results);
  knowledge.results.take = (entry: Unnumbered) => {
    if (entry.kind === 'derived') events.push(entry.event);
    take(entry);
  };
  new SimulatedWorld(knowledge, parsed.script).play();
  return events;
}

/**
 * The derived events of a real run: one result is given at a time, people decide when nothing else is under way. Null where the
 * driver stopped what it had not begun: no script of a simulation says that, so the outcomes are not the same.
 */
export async function drivenEvents(planned: Planned, assumptions: Assumptions): Promise<readonly Derived[] | null> {
  return new PairedRun(planned, assumptions).play();
}

/** A run and what came of it when it was done again. */
export interface DoneAgain {
  readonly first: readonly Derived[];
  readonly again: readonly Derived[];
  /** Steps that a worker started in the rerun. */
  readonly started: ReadonlySet<StepId>;
}

/** Plays a real run, and then another of the same plan from where it failed, or from its start. Null as above. */
export async function doneAgain(
  planned: Planned,
  from: string,
  before: Assumptions,
  after: Assumptions,
): Promise<DoneAgain | null> {
  const original = new PairedRun(planned, before);
  const first = await original.play();
  if (first === null || !original.hasEnded) return null;
  const again = await new PairedRun(planned, after, original, from).play();
  const started = new Set(again?.flatMap((event) => (event.type === 'step.started' ? [event.step] : [])));
  return again && { first, again, started };
}

/** A run that was played in a world, and whose documents are there. */
export interface PlayedRun {
  readonly world: MemoryWorld;
  readonly run: RunId;
}

/**
 * Plays a real run whose workers die at some of its commits (`deaths` says how many commits lie between two deaths; none without it). With
 * `original` it does that one again. Null where it does not end.
 */
export async function playedRun(
  planned: Planned,
  assumptions: Assumptions,
  {
    deaths = [],
    original = null,
    from = 'failed',
  }: { deaths?: readonly number[]; original?: PlayedRun | null; from?: string } = {},
): Promise<PlayedRun | null> {
  const played = new PairedRun(planned, assumptions, original, from);
  played.isTicking = true;
  await played.play(deaths);
  return played.hasEnded ? played : null;
}

const MAX_ROUNDS = 500;
/** A driver that has done nothing for so many looks does nothing by itself. */
const QUIET = 5;
/** One that has done nothing for so many never will. */
const STUCK = 100_000;
/** As long as a driver keeps a run that waits. */
const MOMENT_MS = 1_000;

class PairedRun implements PlayedRun {
  readonly world: MemoryWorld;
  readonly run: RunId;
  private readonly waiting: (() => void)[] = [];
  /** Gates in the order in which they ask. */
  private readonly gates: StepId[] = [];
  private readonly closed = new Set<StepId>();
  /** Time goes on with each decision, as it does for people: two are never made in the same millisecond. */
  isTicking = false;
  private known = 0;
  private released = 0;
  private people = 0;
  private readonly reuses: boolean;

  constructor(
    private readonly planned: Planned,
    private readonly assumptions: Assumptions,
    original: PlayedRun | null = null,
    from = 'failed',
  ) {
    this.world = original?.world ?? new MemoryWorld();
    const rerun = original && { of: original.run, from };
    this.reuses = original !== null && from !== RERUN_FROM.start;
    this.run = this.world.submit(planned.plan, planned.values, [], [], [], rerun);
  }

  get hasEnded(): boolean {
    return ['succeeded', 'failed', 'cancelled'].includes(this.world.run(this.run).status);
  }

  async play(deaths: readonly number[] = []): Promise<readonly Derived[] | null> {
    const { world, run } = this;
    this.dieAfter(deaths);
    const executors = this.planned.plan.executors.map((uses) => new Assumed(uses, this.assumptions, this.waiting));
    // By the clock of this world: a probe that a slow machine makes due would change the order in which steps end.
    const storeHealth = healthOf(new MemoryObjects(world.objectBytes), 1, () => world.at);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const driver = await RunDriver.open(world.dependencies(executors, { storeHealth }), world.claim(run, false));
      const driven = typeof driver === 'string' ? driver : await this.drive(driver);
      if (driven === 'claim-lost' && deaths.length > 0) {
        this.takeOver();
        continue;
      }
      if (driven === 'ended') return this.stoppedNotStarted() ? null : this.events();
      if (driven !== 'parked') throw new Error(`the run is ${driven}: ${world.run(run).halted ?? ''}`);
      if (this.decide()) continue;
      const { dueAt } = world.run(run);
      if (dueAt === null) return this.stoppedNotStarted() ? null : this.events();
      world.at = Math.max(world.at, dueAt);
    }
    throw new Error('the run does not end');
  }

  /** Another worker claims the run at these commits: what the one before had not committed is lost. */
  private dieAfter(deaths: readonly number[]): void {
    const left = [...deaths];
    let commits = 0;
    this.world.beforeCommit = ({ runId }) => {
      if (runId !== this.run || left.length === 0 || commits++ < (left[0] ?? 0)) return;
      left.shift();
      commits = 0;
      this.world.claim(this.run, true);
    };
  }

  private takeOver(): void {
    this.waiting.splice(0);
    this.released = this.recorded();
  }

  private async drive(driver: RunDriver): Promise<Driven> {
    let driven: Driven | null = null;
    const over = driver.drive().then((how) => (driven = how));
    for (let quiet = 0; driven === null; quiet++) {
      if (quiet > STUCK) throw new Error('the driver waits for something that never comes');
      // Everything in memory is done by then; what is left waits for us.
      for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
      if (this.recorded() < this.released) continue;
      const next = this.waiting.shift();
      if (next) {
        this.released++;
        next();
      } else if (this.decide()) driver.inboxChanged();
      else if (quiet < QUIET) continue;
      else if (this.momentIsOver()) driver.inboxChanged();
      quiet = 0;
    }
    return over;
  }

  /** A driver keeps a run that waits for a moment only, by a clock that stands still here: time goes on when nothing else does. */
  private momentIsOver(): boolean {
    const { seen, inbox } = this.world.run(this.run);
    const entries = (this.world.pages.get(this.run) ?? []).flatMap((page) => page.entries);
    const { index } = this.planned;
    const { state } = replay(index, initialState(index, this.run, [], this.reuses), entries);
    const wake = nextWakeAt(state);
    if (seen < inbox || !isParked(state) || wake === null || wake - this.world.at > MOMENT_MS) return false;
    this.world.at = Math.max(this.world.at, wake);
    return true;
  }

  /** Results of what was held back that stand in the journal. */
  private recorded(): number {
    const pages = this.world.pages.get(this.run) ?? [];
    return pages
      .flatMap(({ entries }) => entries)
      .filter(
        ({ kind, event }) =>
          kind === 'given' &&
          (event.type === 'attempt.succeeded' || event.type === 'attempt.failed') &&
          runNodeAt(this.planned.index, event.step).effects !== 'pure',
      ).length;
  }

  private stoppedNotStarted(): boolean {
    const pages = this.world.pages.get(this.run) ?? [];
    return pages.some(({ entries }) => entries.some(({ event }) => event.type === 'attempt.stopped'));
  }

  private events(): readonly Derived[] {
    const pages = this.world.pages.get(this.run) ?? [];
    return pages.flatMap(({ entries }) => entries.flatMap((entry) => (entry.kind === 'derived' ? [entry.event] : [])));
  }

  /** Lets one person decide at the gate that has waited longest; false if none waits. */
  private decide(): boolean {
    const { seen, inbox } = this.world.run(this.run);
    if (seen < inbox) return false;
    const events = this.events();
    for (const event of events.slice(this.known)) {
      if (event.type === 'gate.opened') this.gates.push(event.step);
      if (event.type === 'gate.ended') this.closed.add(event.step);
    }
    this.known = events.length;
    for (let gate = this.gates.shift(); gate !== undefined; gate = this.gates.shift()) {
      if (this.closed.has(gate)) continue;
      this.gates.push(gate);
      if (this.isTicking) this.world.at += 1;
      const node = this.planned.index.nodes.get(nodeOf(gate))?.node;
      const refused = node?.kind === 'gate' && node.policy === null && this.assumptions.refused.has(nodeOf(gate));
      this.world.decide(this.run, gate, `person-${this.people++}`, refused ? 'rejected' : 'approved', {
        grants: ['packs.approve', 'role:sec-lead'],
      });
      return true;
    }
    return false;
  }
}

/** Ends as assumed. What is not pure is held back until it is its turn; its outcome overtakes any stop. */
class Assumed extends Executor {
  constructor(
    readonly uses: string,
    private readonly assumptions: Assumptions,
    private readonly waiting: (() => void)[],
  ) {
    super();
  }

  async execute({ node, step, with: parameters }: ExecutionRequest): Promise<Outcome> {
    if (node.effects !== 'pure') await new Promise<void>((resolve) => void this.waiting.push(resolve));
    if (this.assumptions.failing.has(nodeOf(step)))
      return { kind: 'failed', code: 'EXIT_1', message: 'as assumed', retryable: true, exitCode: null };
    const time = parameters['for'];
    if (this.uses === 'builtin:wait' && typeof time === 'string')
      return { kind: 'deferred', forMs: parseDuration(time) ?? 0 };
    const outputs = this.uses === 'builtin:transform' ? (parameters['outputs'] ?? null) : parameters;
    return { kind: 'succeeded', outputs };
  }
}
