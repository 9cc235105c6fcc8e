import type { Envelope } from '../../lib/evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../lib/foundation/ids';
import type { Page } from '../../lib/journal/page';
import { Claims, type ClaimedRun, type StoredRows } from '../../lib/ports/runs/claims';
import type { InboxMessage } from '../../lib/ports/runs/run-store';
import type { SealedInput } from '../../lib/ports/runs/sensitive-inputs';
import type { WorkerSession } from '../../lib/ports/workers/worker-description';
import type { WorldRecords } from './world-records';

/** Claims of the runs of a world, for its one worker. */
export class MemoryClaims extends Claims {
  constructor(private readonly world: WorldRecords) {
    super();
  }

  async register(): Promise<WorkerSession> {
    return { id: 'w', leaseMs: 8_000 };
  }
  async resume(): Promise<ClaimedRun | null> {
    return null;
  }
  async renew(): Promise<{ held: boolean; at: number }> {
    return { held: true, at: this.world.at };
  }
  async sweep(): Promise<number> {
    return 0;
  }
  async describe(): Promise<void> {
    return undefined;
  }
  async claim(): Promise<readonly ClaimedRun[]> {
    return [];
  }
  async claimNamed(): Promise<ClaimedRun | null> {
    return null;
  }
  async claimUnserved(): Promise<readonly ClaimedRun[]> {
    return [];
  }
  async pass(run: ClaimedRun, parts: string, keep: boolean): Promise<boolean> {
    this.world.passed.push({ runId: run.runId, parts, keep });
    return !keep;
  }
  async admission(_tenant: TenantId, run: RunId): Promise<Envelope | null> {
    return this.world.runs.get(run)?.claimed.admission ?? null;
  }
  async pages(
    _tenant: TenantId,
    run: RunId,
    afterSeq: number,
    limit = Infinity,
  ): Promise<readonly (Page & { mac: string })[]> {
    return (this.world.pages.get(run) ?? []).filter((page) => page.first > afterSeq).slice(0, limit);
  }
  async inboxMessages(_tenant: TenantId, run: RunId, seen: number): Promise<readonly InboxMessage[]> {
    return (this.world.inbox.get(run) ?? []).filter((message) => message.position > seen);
  }
  async inboxPositions(): Promise<readonly { tenant: TenantId; runId: RunId; inbox: number }[]> {
    return [...this.world.runs].map(([runId, run]) => ({ tenant: run.claimed.tenant, runId, inbox: run.inbox }));
  }
  async journalPosition(
    _tenant: TenantId,
    run: RunId,
  ): Promise<{ fence: number; lastSeq: number; head: Digest | null }> {
    return this.world.run(run);
  }
  async rows(_tenant: TenantId, run: RunId): Promise<StoredRows> {
    return {
      areStepsJournaled: this.world.run(run).areStepsJournaled,
      steps: [...(this.world.rows.get(run)?.values() ?? [])],
      gates: [...(this.world.gates.get(run)?.values() ?? [])],
    };
  }
  async halt(run: ClaimedRun, code: string): Promise<boolean> {
    const { owner, fence } = this.world.run(run.runId);
    if (owner === null || fence !== run.fence) return false;
    Object.assign(this.world.run(run.runId), { owner: null, halted: code, status: 'halted', dueAt: null });
    return true;
  }
  async release(run: ClaimedRun): Promise<void> {
    Object.assign(this.world.run(run.runId), { owner: null });
  }
  async beginIsolated({ runId, fence }: ClaimedRun): Promise<boolean> {
    const run = this.world.run(runId);
    return run.owner !== null && run.fence === fence;
  }
  async markPoisoned(run: ClaimedRun): Promise<void> {
    Object.assign(this.world.run(run.runId), { owner: null, crashes: 3 });
  }
  async sensitiveInputs(_tenant: TenantId, run: RunId): Promise<readonly SealedInput[]> {
    return this.world.sensitive.get(run) ?? [];
  }
  async retire(): Promise<void> {}
}
