import { openRun } from '../lib/operations/open-run';
import { AssignmentDriver, type Performed } from '../lib/operations/drive-assignment';
import type { DriverHands } from '../lib/operations/driver-hands';
import type { Lending } from '../lib/operations/lending';
import type { RunId, StepId, TenantId } from '../lib/foundation/ids';
import {
  Assignments,
  type AssignmentChanges,
  type AssignmentReport,
  type AssignmentStanding,
  type ClaimedAssignment,
  type HeldAssignment,
} from '../lib/ports/assignments';
import type { ClaimedRun, Incarnation } from '../lib/ports/claims';
import type { Posted } from '../lib/ports/run-store';
import type { MemoryWorld } from './memory-world';

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

/** Assignments in memory, by the rules of the real store. */
export class MemoryAssignments extends Assignments {
  readonly stored: StoredAssignment[] = [];
  /** All that were ever offered. */
  readonly offered: string[] = [];

  constructor(private readonly world: MemoryWorld) {
    super();
  }

  /** Part of a commit that was accepted. */
  change(runId: RunId, { offered, revoked, settled }: AssignmentChanges): void {
    for (const { name, body, mac, items } of offered) {
      this.offered.push(name);
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

  async claim(incarnation: Incarnation): Promise<ClaimedAssignment | null> {
    const found = this.stored.find((one) => one.owner === null && one.left > 0);
    if (!found) return null;
    found.owner = incarnation.id;
    found.fence++;
    const { runId, name, fence, body, mac, stops, begun } = found;
    const { tenant } = this.world.run(runId).claimed;
    const before = [...begun.values()].map((one) => ({ ...one }));
    return { tenant, runId, name, fence, incarnation, body, mac, stops: [...stops], begun: before };
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

  async standings(): Promise<readonly AssignmentStanding[]> {
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
  world: MemoryWorld,
  hands: DriverHands & { readonly lending: Lending },
): Promise<{ readonly driver: AssignmentDriver; readonly performed: Promise<Performed> } | null> {
  const claimed = await world.assignments.claim({ id: 'other', leaseMs: 8_000 });
  if (!claimed) return null;
  const opened = await openRun(hands, await world.assignments.run(claimed.tenant, claimed.runId));
  if (opened.kind === 'halted') throw new TypeError(opened.detail);
  const driver = AssignmentDriver.of(hands, hands.lending, claimed, opened);
  const poll = setInterval(() => {
    void world.assignments.standings().then((all) => {
      const standing = all.find(({ runId, name, fence }) => `${runId}${name}${fence}` === `${claimed.runId}${claimed.name}${claimed.fence}`); // prettier-ignore
      if (standing) driver.standing(standing);
      else driver.lose();
    });
  }, 5);
  return { driver, performed: driver.drive().finally(() => clearInterval(poll)) };
}
