import type { RunId, TenantId } from '../../foundation/ids';
import type { StepColumns } from '../../journal/ended-steps';
import type { GatePlace, GateRow, GateStore } from '../../ports/gates/gate-store';
import { compareEach } from '../../stored/document-altered';
import type { RunDocuments } from '../../stored/run-documents';
import { compareWithPlan } from '../../stored/compare-with-plan';
import type { StepRow } from '../../ports/runs/committer';
import type { ComparedRuns } from './compared-runs';

/** Steps of runs, as `RunSteps` reads them. */
interface StepsOfRuns {
  find(tenant: TenantId, run: RunId, step: string): Promise<StepRow | null>;
  gates(tenant: TenantId, run: RunId, limit: number, after: string | null): Promise<readonly StepRow[]>;
}

interface GateDependencies {
  readonly store: Pick<GateStore, 'ofRun' | 'open' | 'now'>;
  readonly runs: ComparedRuns;
  readonly steps: StepsOfRuns;
}

/**
 * Gates for readers. Those of one run are compared with its plan and its journal, too. The list of open gates is not: a gate is compared when it is
 * read or decided.
 */
export class ComparedGates {
  constructor(private readonly dependencies: GateDependencies) {}

  /** `documents`: of the run. */
  async find(tenant: TenantId, run: RunId, documents: RunDocuments, gate: string): Promise<GateRow | null> {
    const [row] = await this.ofRun(tenant, run, documents, [gate]);
    return row ?? null;
  }

  private async ofRun(
    tenant: TenantId,
    run: RunId,
    documents: RunDocuments,
    gates: readonly string[],
  ): Promise<readonly GateRow[]> {
    const rows = await this.dependencies.store.ofRun(tenant, run, gates);
    compareEach(rows, (row) => compareWithPlan(tenant, row, documents));
    await this.dependencies.runs.compareGates(tenant, run, rows);
    return rows;
  }

  /** The gates of steps of a run that opened for people. The steps of the others are compared. */
  async ofSteps(
    tenant: TenantId,
    run: RunId,
    documents: RunDocuments,
    steps: readonly StepColumns[],
  ): Promise<readonly GateRow[]> {
    const gates = await this.ofRun(
      tenant,
      run,
      documents,
      steps.map(({ step }) => step),
    );
    const opened = new Set(gates.map(({ gate }) => gate));
    const unopened = steps.filter(({ step }) => !opened.has(step));
    await this.dependencies.runs.compareUnopened(tenant, run, unopened);
    return gates;
  }

  /** The step of a gate; null: the run has not reached it. */
  step(tenant: TenantId, run: RunId, gate: string): Promise<StepRow | null> {
    return this.dependencies.steps.find(tenant, run, gate);
  }

  /** The steps of gates that a run has reached, as `RunSteps.gates`. */
  reached(tenant: TenantId, run: RunId, limit: number, after: string | null): Promise<readonly StepRow[]> {
    return this.dependencies.steps.gates(tenant, run, limit, after);
  }

  open(tenant: TenantId, limit: number, after: GatePlace | null): Promise<readonly GateRow[]> {
    return this.dependencies.store.open(tenant, limit, after);
  }

  now(): Promise<number> {
    return this.dependencies.store.now();
  }
}
