import type { Driven, Refusal } from '@taskrunner/core/operations';
import type { ClaimedRun } from '@taskrunner/core/ports';
import type { IsolatedDrive } from '../quarantine/quarantine';

export interface ClaimLoopOptions {
  readonly concurrency: number;
  readonly claimIntervalMs: number;
  readonly inboxIntervalMs: number;
  /** Called around driving each run, for telemetry. */
  readonly watch?: DriveWatch;
  /** Drives a run in a separate process. */
  readonly isolate: (run: ClaimedRun, refusal: Refusal | null) => IsolatedDrive;
  /** How long runs that need these sandbox profiles wait for a worker that can honour them, before a worker that cannot ends them. */
  readonly sealed: { readonly isolations: readonly string[]; readonly waitMs: number };
  /** The same for other runs, and for runs whose labels no living worker has. */
  readonly profileWaitMs: number;
  readonly refuseIntervalMs: number;
}

type DriveWatch = (run: ClaimedRun, work: () => Promise<Driven | 'failed'>) => Promise<Driven | 'failed'>;
