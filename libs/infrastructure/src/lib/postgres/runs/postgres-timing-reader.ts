import { runUuid } from '@taskrunner/core/foundation';
import { TimingReader } from '@taskrunner/core/ports';
import { shownTime } from '@taskrunner/core/stored';
import type { RunId, StepId, TenantId } from '@taskrunner/core/foundation';
import type { Entry } from '@taskrunner/core/journal';
import type { TimedStep } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';
import { unpackedPage } from '../encoding/packed-page';
import { ROOT_PARENT } from '../encoding/run-rows';

interface StepTimesRow {
  readonly parent: string;
  readonly place: number;
  readonly step: string;
  readonly kind: string;
  readonly status: TimedStep['status'];
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
}

/** Rows of steps and pages of journals, under row-level security. */
export class PostgresTimingReader extends TimingReader {
  private readonly stepsStatement = statement('list-timings');
  private readonly entriesStatement = statement('read-entries');

  constructor(private readonly queries: Queries) {
    super();
  }

  async stepRows(
    tenant: TenantId,
    run: RunId,
    limit: number,
    after: Pick<TimedStep, 'parent' | 'place' | 'step'> | null,
  ): Promise<readonly TimedStep[]> {
    const values = [tenant, runUuid(run), after?.parent ?? null, after?.place ?? null, after?.step ?? null, limit];
    const rows = await withRetry(() => this.queries.inTenant<StepTimesRow>(tenant, this.stepsStatement, values));
    // The root itself is no step.
    return rows
      .filter(({ parent }) => parent !== ROOT_PARENT)
      .map((row) => ({
        step: row.step as StepId,
        parent: row.parent as StepId,
        place: row.place,
        kind: row.kind,
        status: row.status,
        startedAt: shownTime(row.started_ms),
        finishedAt: shownTime(row.finished_ms),
      }));
  }

  async entries(tenant: TenantId, run: RunId, after: number, pages: number): Promise<readonly Entry[]> {
    const values = [tenant, runUuid(run), after, pages];
    const rows = await withRetry(() =>
      this.queries.inTenant<{ readonly content: Buffer }>(tenant, this.entriesStatement, values),
    );
    return rows.flatMap(({ content }) => entriesIn(content));
  }
}

/** Bytes that are no page have no entries. The seal and `verify` find them. */
function entriesIn(content: Buffer): readonly Entry[] {
  try {
    return JSON.parse(unpackedPage(content)?.entries ?? '[]') as Entry[];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
