import { MemoryWorld } from '../../../testing/memory/memory-world';
import { packText, planned } from '../../../testing/planning';
import type { RunId } from '../../foundation/ids';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver } from '../driver/drive-run';

// Runs of a database whose clock is being set.

const MINUTE = 60_000;

class Noop extends Executor {
  readonly uses = 'builtin:noop';

  async execute(request: ExecutionRequest): Promise<Outcome> {
    return { kind: 'succeeded', outputs: request.with };
  }
}

class Wait extends Executor {
  readonly uses = 'builtin:wait';

  async execute(): Promise<Outcome> {
    return { kind: 'deferred', forMs: 3_000 };
  }
}

/** Drives a due run once. Returns how that ended. */
async function drive(world: MemoryWorld, run: RunId): Promise<string> {
  world.at = Math.max(world.at, world.run(run).dueAt ?? world.at);
  const driver = await RunDriver.open(world.dependencies([new Noop(), new Wait()]), world.claim(run));
  return typeof driver === 'string' ? driver : driver.drive();
}

const delayed = `- { id: l, loop: { items: { static: [a, b] }, delay: 3s, body: [ { id: b, run: { uses: "builtin:noop" } } ] } }`;
const waiting = `- { id: w, run: { uses: "builtin:wait", with: { for: 3s } } }`;

describe('a wait of three seconds', () => {
  it.each([
    ['a delay of a loop', delayed],
    ['a step that waits', waiting],
  ])('that began while the clock was a quarter of an hour ahead lasts three seconds: %s', async (_, steps) => {
    const world = new MemoryWorld();
    const begun = world.at;
    const run = world.submit(planned(packText(steps)).plan);
    world.at = begun + 15 * MINUTE;
    expect(await drive(world, run)).toBe('parked');
    world.setClockBack(begun);
    expect(await drive(world, run)).toBe('ended');
    expect(world.at - begun).toBe(3_000);
  });

  it('that follows another one, of a run that is ahead still, lasts three seconds too', async () => {
    const world = new MemoryWorld();
    const begun = world.at;
    const run = world.submit(
      planned(packText(`${waiting}\n- { id: v, needs: [w], run: { uses: "builtin:wait", with: { for: 3s } } }`)).plan,
    );
    world.at = begun + 15 * MINUTE;
    expect(await drive(world, run)).toBe('parked');
    world.setClockBack(begun);
    expect([await drive(world, run), await drive(world, run)]).toEqual(['parked', 'ended']);
    expect(world.at - begun).toBe(6_000);
  });
});

const gated = `- { id: approve, gate: { approval: owners, message: "go?" } }`;
const owners = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';

/** Times of the run's journal, in order. */
function timesOf(world: MemoryWorld, run: RunId): readonly number[] {
  return (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ at }) => at));
}

describe('a journal', () => {
  it('does not begin before its admission, also if the clock was set back in between', async () => {
    const world = new MemoryWorld();
    const begun = world.at;
    world.at = begun + 15 * MINUTE;
    const run = world.submit(planned(packText(delayed)).plan);
    world.setClockBack(begun);
    world.run(run).dueAt = begun;
    expect(await drive(world, run)).toBe('parked');
    expect(timesOf(world, run)[0]).toBeGreaterThanOrEqual(begun + 15 * MINUTE);
    expect(world.run(run).dueAt).toBe(begun + 3_000);
  });

  it('does not tell of a decision before it was made, also if the clock was set back in between', async () => {
    const world = new MemoryWorld();
    const begun = world.at;
    const run = world.submit(planned(packText(gated, owners)).plan);
    expect(await drive(world, run)).toBe('parked');
    world.at = begun + 15 * MINUTE;
    world.decide(run, 'approve', 'grace');
    world.setClockBack(begun + MINUTE);
    world.run(run).dueAt = world.at;
    expect(await drive(world, run)).toBe('ended');
    expect(timesOf(world, run).at(-1)).toBeGreaterThanOrEqual(begun + 15 * MINUTE);
  });
});
