import type { WorkerSession } from '@taskrunner/core/ports';
import type { WorkerLog } from '../reporting/worker-log';
import type { AssignmentLoop } from './assignment-loop';
import type { ClaimLoop } from './claim-loop';
import type { Grace } from './drain';
import type { HonourLoop } from './honour-loop';

/** How long steps of a worker that leaves may take, milliseconds: to end, and to stop. */
interface LeaveTimes {
  readonly drainMs: number;
  readonly stopGraceMs: number;
}

/** The loops that work in one session of a worker: what it can honour, what it drives, and what it executes for others. */
export class WorkLoops {
  private isListening = false;

  constructor(
    private readonly claims: ClaimLoop,
    private readonly assignments: AssignmentLoop,
    private readonly honours: HonourLoop,
    private readonly due: { listen(onHint: () => void): void },
    private readonly times: LeaveTimes,
    private readonly log: WorkerLog,
  ) {}

  start(workerSession: WorkerSession): void {
    this.honours.start(workerSession);
    this.claims.start(workerSession);
    this.assignments.start(workerSession);
    if (!this.isListening) this.due.listen(() => this.claims.wake());
    this.isListening = true;
  }

  /** Lets go of all runs and assignments that this worker honours no more. The next look finds what else it can honour. */
  letGo(): void {
    this.honours.forget();
    const honours = (environment: string): boolean => this.honours.honours(environment);
    this.claims.abandonOthers(honours);
    this.assignments.abandonOthers(honours);
  }

  /**
   * Claims and begins nothing more, hands over what is not under way, and waits for steps that are. In a hurry: for no longer than they may
   * take to stop. Says what it did not wait for.
   */
  async drain(isHurried: boolean): Promise<void> {
    const { drainMs, stopGraceMs } = this.times;
    const { claims, assignments, log } = this;
    log.say('info', 'worker.draining', { runs: claims.driving, assignments: assignments.held });
    const grace: Grace = {
      graceMs: isHurried ? Math.min(drainMs, stopGraceMs) : drainMs,
      stopMs: stopGraceMs,
      onAbandoned: ({ run: { runId, tenant }, step, effects }) =>
        log.say('warn', 'drain.step-given-up', { runId, tenant, step, effects }),
    };
    await Promise.all([claims.drain(grace), assignments.drain(grace)]);
    log.say('info', 'worker.drained', { runs: claims.driving, assignments: assignments.held });
  }

  /** The lease is lost: stops all that is driven and executed under it at once. */
  abandon(): void {
    this.claims.abandon();
    this.assignments.abandon();
  }

  /** Waits until what was abandoned has ended. */
  async abandoned(): Promise<void> {
    await Promise.all([this.claims.drain({ graceMs: 0 }), this.assignments.drain({ graceMs: 0 })]);
  }

  /** Looks no more for what this worker can honour. */
  async stop(): Promise<void> {
    await this.honours.stop();
  }
}
