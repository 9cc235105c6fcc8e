import { Injectable } from '@nestjs/common';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import { ComparedGates, PackPlanner } from '@taskrunner/core/operations';
import type { PlanDiff } from '@taskrunner/core/plan';
import { PlannerError, RunReader, type EarlierApproval } from '@taskrunner/core/ports';
import { DocumentAltered } from '@taskrunner/core/stored';
import { AlteredDocuments } from '../problems/altered-documents';
import { instant } from '../runs/run-view';
import { approversOf, type GatePlanDiff } from './gate-view';

/** Plans that people approved earlier, with which the plan of a gate is compared. */
@Injectable()
export class ApprovedPlans {
  constructor(
    private readonly gates: ComparedGates,
    private readonly reader: RunReader,
    private readonly planner: PackPlanner,
    private readonly altered: AlteredDocuments,
  ) {}

  /**
   * The difference from the plan of the pack that people approved last before `until` (milliseconds since the epoch); null: there is none.
   * `after`: text of the plan of the run. A gate can be read and decided even if the planner is busy or the earlier run is altered. The
   * response then says that no difference is shown.
   */
  async compare(tenant: TenantId, runId: RunId, until: number, after: string): Promise<GatePlanDiff | null> {
    const earlier = await this.approvedBefore(tenant, runId, until);
    if (earlier === null || 'why' in earlier) return earlier;
    const { runId: against, documents, approvedAt, approvedBy } = earlier;
    const base = { against, approvedAt: instant(approvedAt), approvedBy };
    const before = documents.texts.plan;
    try {
      const diff = JSON.parse(await this.planner.compare(tenant, { before, after })) as PlanDiff;
      return { ...base, diff, why: null };
    } catch (error) {
      if (PlannerError.is(error)) return { ...base, diff: null, why: error.code };
      throw error;
    }
  }

  private async approvedBefore(
    tenant: TenantId,
    runId: RunId,
    until: number,
  ): Promise<(EarlierApproval & Pick<GatePlanDiff, 'approvedBy'>) | GatePlanDiff | null> {
    try {
      const found = await this.reader.approvedBefore(tenant, runId, until);
      if (found === null) return null;
      const gate = await this.gates.find(tenant, found.runId, found.documents, found.gate);
      return { ...found, approvedBy: gate === null ? [] : approversOf(gate) };
    } catch (error) {
      if (!DocumentAltered.is(error)) throw error;
      await this.altered.raise(error);
      return { against: error.first.runId, approvedAt: null, approvedBy: [], diff: null, why: error.code };
    }
  }
}
