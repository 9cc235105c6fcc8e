import type { RunId, StepId, TenantId } from '../../foundation/ids';
import type { Entry } from '../../run/entry';
import type { StepRow } from './committer';

/** A step as a timeline shows it. Times in milliseconds since the epoch. */
export type TimedStep = Pick<StepRow, 'kind' | 'status' | 'startedAt' | 'finishedAt' | 'place'> & {
  readonly step: StepId;
  readonly parent: StepId;
};

/** What a timeline of a run is made of, within the tenant. A run of another tenant has no steps and no entries. */
export abstract class TimingReader {
  /** Rows of the steps that the run has reached, parent by parent, in plan order; after one. Without values. */
  abstract stepRows(
    tenant: TenantId,
    run: RunId,
    limit: number,
    after: Pick<TimedStep, 'parent' | 'place' | 'step'> | null,
  ): Promise<readonly TimedStep[]>;
  /** Entries of the journal after a number: those of up to `pages` pages. They were not compared with their hashes. */
  abstract entries(tenant: TenantId, run: RunId, after: number, pages: number): Promise<readonly Entry[]>;
}
