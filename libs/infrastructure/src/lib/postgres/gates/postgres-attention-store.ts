import { canonical } from '@taskrunner/core/canonical';
import { runUuid, isOver } from '@taskrunner/core/foundation';
import { AttentionStore } from '@taskrunner/core/ports';
import { compareResolution, type KnownSignatures } from '@taskrunner/core/stored';
import type { Envelope, ResolutionOutcome } from '@taskrunner/core/evidence';
import type { Resolved, SignedResolution } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';
import { alteredPositions, inboxGuard } from '../encoding/run-rows';
import { LaterRecords } from './later-records';

interface Reasons {
  readonly status: string;
  readonly misplaced: boolean;
  readonly doomed: boolean;
  readonly needed: boolean;
  readonly outcome: ResolutionOutcome | null;
  readonly iss: string;
  readonly sub: string;
  readonly envelope: Envelope;
}

/** Stores resolutions, each in one SQL statement on the run's row. The reason for a refusal is read from the rows afterwards. */
export class PostgresAttentionStore extends AttentionStore {
  private readonly resolveStatement = statement('resolve-attention');
  private readonly explainStatement = statement('explain-resolution');
  private readonly later: LaterRecords;

  /** `signatures`: verifies resolutions and decisions that keep others out; null: nobody does. */
  constructor(
    private readonly queries: Queries,
    private readonly signatures: KnownSignatures | null,
  ) {
    super();
    this.later = new LaterRecords(queries, signatures);
  }

  async resolve(resolution: SignedResolution): Promise<Resolved> {
    const { tenant } = resolution;
    const [counted] = await withRetry(() =>
      this.queries.inTenant(tenant, this.resolveStatement, valuesOf(resolution)),
    ).catch(inboxGuard(resolution));
    return counted ? { kind: 'counted' } : this.explain(resolution);
  }

  private async explain(resolution: SignedResolution): Promise<Resolved> {
    const { tenant, runId, step, parent, execution, envelope, decidedAt } = resolution;
    const values = [tenant, runUuid(runId), step, execution, parent];
    const [found] = await withRetry(() => this.queries.inTenant<Reasons>(tenant, this.explainStatement, values));
    if (!found) return { kind: 'refused', code: 'RUN_ENDED' };
    if (found.misplaced && found.status !== 'halted') throw alteredPositions(tenant, runId);
    if (found.outcome !== null) {
      const { outcome, iss, sub } = found;
      compareResolution(
        { tenant, runId, step, execution, outcome, person: { iss, sub } },
        found.envelope,
        this.signatures,
      );
      // After a lost answer, our own stored resolution counts.
      if (found.envelope.payload === envelope.payload) return { kind: 'counted' };
      return { kind: 'known', outcome, person: { iss, sub }, envelope: found.envelope };
    }
    if (found.doomed || isOver(found.status)) return { kind: 'refused', code: 'RUN_ENDED' };
    if (!found.needed) return { kind: 'refused', code: 'ATTENTION_NOT_NEEDED' };
    await this.later.compare(tenant, runId, decidedAt);
    return { kind: 'again' };
  }
}

function valuesOf(resolution: SignedResolution): unknown[] {
  const { person, outputs } = resolution;
  return [
    resolution.tenant,
    runUuid(resolution.runId),
    resolution.step,
    resolution.execution,
    resolution.outcome,
    person.iss,
    person.sub,
    resolution.decidedAt,
    JSON.stringify(resolution.envelope),
    resolution.recordDigest,
    JSON.stringify(resolution.message),
    outputs === null ? null : JSON.stringify(outputs),
    canonical(resolution.audit),
    resolution.parent,
  ];
}
