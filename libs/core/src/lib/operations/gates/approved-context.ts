import { itemDigest, mayChange, readsAreAsBefore } from '../../binding/gate-reads';
import type { RunProjection } from '../../binding/run-projection';
import { Missing } from '../../binding/values';
import type { Digest, StepId } from '../../foundation/ids';
import type { GateRequest } from '../../gate/gate-request';
import type { PlanIndex } from '../../plan/plan-index';
import { guardingGates } from './guarding-gates';
import type { RunValues } from '../claimed-run/run-values';

/** Compares what the gates before a step bound when they opened with the current values. */
export class ApprovedContext {
  constructor(
    private readonly index: PlanIndex,
    private readonly results: RunProjection,
    private readonly values: RunValues,
  ) {}

  /** The gate behind which a step would act on something that was not approved: a value or item named in its request has changed. */
  async changedBefore(step: StepId): Promise<StepId | null> {
    for (const gate of guardingGates(this.index, step)) {
      const opened = this.results.get(gate)?.gate;
      if (!opened) continue;
      const { reads, item } = await this.requestOf(opened.gateDigest);
      if (readsAreAsBefore(this.context, gate, reads) && (await this.itemNow(gate)) === item) continue;
      return gate;
    }
    return null;
  }

  /** True if a step is behind a gate that has bound a value which may change before the step begins elsewhere. */
  async mayChangeBefore(step: StepId): Promise<boolean> {
    for (const gate of guardingGates(this.index, step)) {
      const opened = this.results.get(gate)?.gate;
      if (opened && mayChange((await this.requestOf(opened.gateDigest)).reads)) return true;
    }
    return false;
  }

  private get context(): {
    readonly index: PlanIndex;
    readonly results: RunProjection;
    readonly values: RunValues['known'];
  } {
    const { index, results, values } = this;
    return { index, results, values: values.known };
  }

  private async requestOf(gateDigest: Digest): Promise<GateRequest> {
    await this.values.fetch([gateDigest]);
    return this.values.known.get(gateDigest) as unknown as GateRequest;
  }

  /** The digest of the current items around a gate. Their lists are fetched if necessary. */
  private async itemNow(gate: StepId): Promise<Digest | null> {
    const missing = new Missing();
    const digest = itemDigest(this.context, gate, missing);
    if (missing.digests.size === 0) return digest;
    await this.values.fetch([...missing.digests]);
    return itemDigest(this.context, gate, new Missing());
  }
}
