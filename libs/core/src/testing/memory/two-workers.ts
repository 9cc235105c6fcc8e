import type { RunId } from '../../lib/foundation/ids';
import type { Json } from '../../lib/foundation/json';
import type { DriverDependencies } from '../../lib/operations/claimed-run/driver-dependencies';
import type { FanOut } from '../../lib/operations/claimed-run/fan-out';
import { Slots } from '../../lib/operations/claimed-run/slots';
import { RunDriver, type Driven } from '../../lib/operations/driver/drive-run';
import type { Plan } from '../../lib/plan/plan';
import type { Assignment } from '../../lib/ports/runs/assignments';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../lib/ports/step/executor';
import { packText, planned } from '../planning';
import { performNext } from './memory-assignments';
import { MemoryWorld } from './memory-world';

export type Act = (request: ExecutionRequest, report: ExecutionReport) => Promise<Outcome> | Outcome;

export class Acting extends Executor {
  readonly calls: string[] = [];

  constructor(
    private readonly act: Act,
    readonly uses = 'builtin:noop',
  ) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    this.calls.push(`${request.step}#${request.execution}`);
    return this.act(request, report);
  }
}

export const ok: Act = (request) => ({ kind: 'succeeded', outputs: request.with });
export const untilStopped: Act = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'stopped', unknown: false })));
export const pause = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const item = (index: number, execution = 1): string => `fan[${index}]::act#${execution}`;
export const items = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => item(from + i));

interface More {
  readonly effects?: string;
  readonly with?: string;
  readonly before?: string;
  readonly after?: string;
  readonly step?: string;
  readonly spec?: string;
}

export const manifest = (
  count: number,
  { effects = 'idempotent', with: parameters = 'n: "{{ item }}"', ...more }: More = {},
): string =>
  packText(
    `${more.before ?? ''}- id: fan
  map:
    items: [ ${Array.from({ length: count }, (_, i) => i).join()} ]
    maxParallel: ${count}
    outputs: { n: "{{ steps.act.outputs }}" }
    steps: [ { id: act, effects: ${effects}, ${more.step ?? ''} run: { uses: "builtin:noop", with: { ${parameters} } } } ]
${more.after ?? ''}`,
    more.spec ?? '',
  );

/** Planning queries an installation for its bindings; these tests have none, and add them afterwards. */
function reading(plan: Plan): Plan {
  return JSON.parse(JSON.stringify(plan).replace('SECRET_OF_TEST', '{{ secrets.deploy }}')) as Plan;
}

/** A driver with two slots, and another worker, each with its own executors. */
export class TwoWorkers {
  readonly world = new MemoryWorld();
  readonly run: RunId;
  readonly here: Acting;
  readonly there: Acting;
  private readonly open: RunDriver[] = [];

  constructor(
    text: string,
    act: { readonly here?: Act; readonly there?: Act } = {},
    secrets: Parameters<MemoryWorld['submit']>[4] = [],
    uses = 'builtin:noop',
  ) {
    this.here = new Acting(act.here ?? ok, uses);
    this.there = new Acting(act.there ?? ok, uses);
    this.run = this.world.submit(reading(planned(text).plan), {}, [], [], secrets);
  }

  dependencies(
    executor: Acting,
    slots: number,
    change: Partial<DriverDependencies> = {},
    most = 256,
  ): DriverDependencies & { readonly fanOut: FanOut } {
    const fanOut = { assignments: this.world.assignments, slots: new Slots(slots), items: most, others: () => 1 };
    return { ...this.world.dependencies([executor], change), fanOut: change.fanOut ?? fanOut };
  }

  /** Drives in the background, and is notified of inbox messages. */
  async drive(
    change: Partial<DriverDependencies> = {},
    most = 256,
  ): Promise<{ readonly driver: RunDriver; readonly over: Promise<Driven> }> {
    const driver = await RunDriver.open(this.dependencies(this.here, 2, change, most), this.world.claim(this.run));
    if (typeof driver === 'string') throw new Error(this.world.run(this.run).halted ?? 'halted');
    this.open.push(driver);
    const poll = setInterval(() => driver.inboxChanged(), 5);
    return { driver, over: driver.drive().finally(() => clearInterval(poll)) };
  }

  /** The other worker takes available assignments until the run has ended. */
  async dispatch(over: Promise<Driven>, slots = 100, change: Partial<DriverDependencies> = {}): Promise<Driven> {
    let driven: Driven | null = null;
    void over.then((how) => (driven = how));
    while (driven === null) {
      await performNext(this.world, this.dependencies(this.there, slots, change));
      await pause();
    }
    return driven;
  }

  async dispatched(count = 1): Promise<Assignment[]> {
    for (let round = 0; round < 400 && this.world.assignments.stored.length < count; round++) await pause();
    return this.world.assignments.stored.map(({ body }) => JSON.parse(body) as Assignment);
  }

  get result(): Json {
    return (this.world.run(this.run).run as unknown as Json) ?? null;
  }

  events(type: string): readonly Json[] {
    return (this.world.pages.get(this.run) ?? []).flatMap(({ entries }) =>
      entries.flatMap(({ event }) => (event.type === type ? [event as unknown as Json] : [])),
    );
  }

  close(): void {
    for (const driver of this.open) driver.handOver();
  }
}
