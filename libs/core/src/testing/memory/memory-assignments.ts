import { openRun } from '../../lib/operations/claimed-run/open-run';
import { AssignmentDriver, type Performed } from '../../lib/operations/driver/fan-out/drive-assignment';
import type { DriverDependencies } from '../../lib/operations/claimed-run/driver-dependencies';
import type { FanOut } from '../../lib/operations/claimed-run/fan-out';
import type { RunId, StepId, TenantId } from '../../lib/foundation/ids';
import { type AssignmentReport } from '../../lib/ports/workers/assignment-report';
import {
  Assignments,
  type AssignmentChanges,
  type AssignmentStatus,
  type ClaimedAssignment,
  type HeldAssignment,
} from '../../lib/ports/runs/assignments';
import type { ClaimedRun } from '../../lib/ports/runs/claims';
import type { WorkerSession } from '../../lib/ports/workers/worker-description';
import type { Posted } from '../../lib/ports/runs/run-store';

interface StoredAssignment {
  readonly runId: RunId;
  readonly name: string;
  body: string;
  mac: string;
  owner: string | null;
  fence: number;
  stops: StepId[];
  readonly begun: Map<StepId, { readonly step: StepId; readonly execution: number; answered: boolean }>;
  left: number;
}

/** The world that they are part of. */
interface Runs {
  run(runId: RunId): {
    readonly claimed: ClaimedRun;
    readonly inbox: number;
    readonly seen: number;
    readonly status?: string;
  };
  post(runId: RunId, input: AssignmentReport): void;
}

/** Assignments in memory, by the rules of the real store. */
export class MemoryAssignments extends Assignments {
  readonly stored: StoredAssignment[] = [];
  /** All that were ever offered. */
  readonly dispatched: string[] = [];

  constructor(private readonly world: Runs) {
    super();
  }

  /** Part of a commit that was accepted. */
  change(runId: RunId, { dispatched, revoked, settled }: AssignmentChanges): void {
    for (const { name, body, mac, items } of dispatched) {
      this.dispatched.push(name);
      this.stored.push({ runId, name, body, mac, owner: null, fence: 0, stops: [], begun: new Map(), left: items });
    }
    for (const { name, steps } of revoked) this.find(runId, name)?.stops.push(...steps);
    for (const name of settled) this.stored.splice(this.stored.indexOf(this.find(runId, name) as StoredAssignment), 1);
  }

  find(runId: RunId, name: string): StoredAssignment | undefined {
    return this.stored.find((one) => one.runId === runId && one.name === name);
  }

  holds({ runId, name, fence }: Pick<HeldAssignment, 'runId' | 'name' | 'fence'>): StoredAssignment | null {
    const found = this.find(runId, name);
    return found && found.fence === fence && found.owner !== null ? found : null;
  }

  /** Its holder is dead: swept. */
  sweep(): void {
    for (const one of this.stored) one.owner = null;
  }

  async claim(workerSession: WorkerSession): Promise<ClaimedAssignment | null> {
    const found = this.stored.find((one) => one.owner === null && one.left > 0);
    if (!found) return null;
    found.owner = workerSession.id;
    found.fence++;
    const { runId, name, fence, body, mac, stops, begun } = found;
    const { tenant } = this.world.run(runId).claimed;
    const before = [...begun.values()].map((one) => ({ ...one }));
    return { tenant, runId, name, fence, workerSession, body, mac, stops: [...stops], begun: before };
  }

  async run(_tenant: TenantId, runId: RunId): Promise<ClaimedRun> {
    return { ...this.world.run(runId).claimed, lastSeq: 1 };
  }

  async begin(
    held: HeldAssignment,
    executions: readonly { readonly step: StepId; readonly execution: number }[],
  ): Promise<readonly StepId[]> {
    const found = this.holds(held);
    const may = executions.filter(({ step }) => found && !found.stops.includes(step));
    for (const one of may) found?.begun.set(one.step, { ...one, answered: false });
    return may.map(({ step }) => step);
  }

  async report(held: HeldAssignment, report: AssignmentReport): Promise<Posted | { readonly kind: 'lost' }> {
    const found = this.holds(held);
    if (!found) return { kind: 'lost' };
    for (const part of report.reported) {
      if (part.kind !== 'given' || !('execution' in part.body)) continue;
      const { step, execution } = part.body;
      found.begun.set(step, { step, execution, answered: true });
      found.left--;
    }
    if (report.refused) found.left = 0;
    this.world.post(held.runId, JSON.parse(JSON.stringify(report)) as AssignmentReport);
    return { kind: 'posted', position: this.world.run(held.runId).inbox };
  }

  async assignmentStatuses(): Promise<readonly AssignmentStatus[]> {
    return this.stored
      .filter(({ owner }) => owner !== null)
      .map(({ runId, name, fence, stops }) => {
        const { claimed, seen, status } = this.world.run(runId);
        return { tenant: claimed.tenant, runId, name, fence, stops: [...stops], seen, over: status === 'halted' };
      });
  }

  async others(): Promise<number> {
    return 1;
  }

  async release(held: HeldAssignment): Promise<void> {
    const found = this.holds(held);
    if (found) found.owner = null;
  }
}

/** Another worker: claims one assignment and performs it; null if there is none. */
export async function performNext(
  world: { readonly assignments: MemoryAssignments },
  dependencies: DriverDependencies & { readonly fanOut: FanOut },
): Promise<{ readonly driver: AssignmentDriver; readonly performed: Promise<Performed> } | null> {
  const claimed = await world.assignments.claim({ id: 'other', leaseMs: 8_000 });
  if (!claimed) return null;
  const opened = await openRun(dependencies, await world.assignments.run(claimed.tenant, claimed.runId));
  if (opened.kind === 'halted') throw new TypeError(opened.detail);
  const driver = AssignmentDriver.of(dependencies, dependencies.fanOut, claimed, opened);
  const poll = setInterval(() => {
    void world.assignments.assignmentStatuses().then((all) => {
      const status = all.find(({ runId, name, fence }) => `${runId}${name}${fence}` === `${claimed.runId}${claimed.name}${claimed.fence}`); // prettier-ignore
      if (status) driver.assignmentStatus(status);
      else driver.lose();
    });
  }, 5);
  return { driver, performed: driver.drive().finally(() => clearInterval(poll)) };
}
