import type { RunId, TenantId } from '../../foundation/ids';
import type { GatePlace, GateRow, GateStore } from '../../ports/gates/gate-store';
import type { ComparedRuns } from './compared-runs';

interface GateDependencies {
  readonly store: Pick<GateStore, 'ofRun' | 'open' | 'now'>;
  readonly runs: ComparedRuns;
}

/**
 * Gates for readers. Those of one run are compared with its journal, too. The list of open gates is not: a gate is compared when it is
 * read or decided.
 */
export class ComparedGates {
  constructor(private readonly dependencies: GateDependencies) {}

  async find(tenant: TenantId, run: RunId, gate: string): Promise<GateRow | null> {
    const [row] = await this.ofRun(tenant, run, [gate]);
    return row ?? null;
  }

  async ofRun(tenant: TenantId, run: RunId, gates: readonly string[]): Promise<readonly GateRow[]> {
    const rows = await this.dependencies.store.ofRun(tenant, run, gates);
    await this.dependencies.runs.compareGates(tenant, run, rows);
    return rows;
  }

  open(tenant: TenantId, limit: number, after: GatePlace | null): Promise<readonly GateRow[]> {
    return this.dependencies.store.open(tenant, limit, after);
  }

  now(): Promise<number> {
    return this.dependencies.store.now();
  }
}
