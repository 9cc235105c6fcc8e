import type { ClaimedRun } from '../../ports/runs/claims';
import type { Unmet, WorkerMeans } from '../../publisher/honour';
import type { Refusal } from './refusal';

/** What a worker has for the runs that it claims, and whom it tells that it lacks something. */
export interface Honouring {
  /** As its last probe left it. */
  means(): WorkerMeans;
  /** A run lacks something here: `refusal` null: it goes to whoever has it. */
  unmet(run: Pick<ClaimedRun, 'runId' | 'tenant'>, unmet: readonly Unmet[], refusal: Refusal | null): void;
}
