import type { ClaimedRun } from '../../ports/runs/claims';
import type { Unmet, WorkerMeans } from '../../publisher/honour';
import type { Refusal } from './refusal';

/** The worker's capabilities for claimed runs, and the callback for missing ones. */
export interface Honouring {
  /** According to its last probe. */
  means(): WorkerMeans;
  /** Called if this worker cannot honour a run. `refusal` null: the run goes to a worker that can. */
  unmet(run: Pick<ClaimedRun, 'runId' | 'tenant'>, unmet: readonly Unmet[], refusal: Refusal | null): void;
}
