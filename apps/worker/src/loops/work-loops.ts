import type { RunName, WorkerSession } from '@taskrunner/core/ports';
import type { WorkerLog } from '../reporting/worker-log';
import type { Patience } from '../departure';
import type { AssignmentLoop } from './assignment-loop';
import type { ClaimLoop } from './claim-loop';
import type { Grace } from './drain';
import type { HonourLoop } from './honour-loop';

/** How long steps of a leaving worker may take, milliseconds: to end, and to stop. */
interface LeaveTimes {
  readonly drainMs: number;
  readonly stopGraceMs: number;
}

/** The loops that work in one session of a worker: they find environments to honour, drive runs, and execute assignments. */
export class WorkLoops {
  private isListening = false;

  constructor(
    private readonly claims: ClaimLoop,
    private readonly assignments: AssignmentLoop,
    private readonly honours: HonourLoop,
    private readonly due: { listen(onHint: (run: RunName | null) => void): void },
    private readonly times: LeaveTimes,
    private readonly log: WorkerLog,
  ) {}

  start(workerSession: WorkerSession): void {
    this.honours.start(workerSession);
    this.claims.start(workerSession);
    this.assignments.start(workerSession);
    if (!this.isListening) this.due.listen((run) => this.claims.wake(run));
    this.isListening = true;
  }

  /** Releases all runs and assignments that this worker no longer honours. The next round finds other environments that it can honour. */
  letGo(): void {
    this.honours.forget();
    const honours = (environment: string): boolean => this.honours.honours(environment);
    this.claims.abandonOthers(honours);
    this.assignments.abandonOthers(honours);
  }

  /**
   * Stops claiming and beginning, hands over runs without executions, and waits for steps in progress as long as `patience` says. Reports
   * abandoned steps.
   */
  async drain(patience: Patience): Promise<void> {
    const { drainMs, stopGraceMs } = this.times;
    const { claims, assignments, log } = this;
    log.say('info', 'worker.draining', { runs: claims.driving, assignments: assignments.held });
    const grace: Grace = {
      graceMs: { drain: drainMs, stop: Math.min(drainMs, stopGraceMs), none: 0 }[patience],
      stopMs: stopGraceMs,
      onAbandoned: ({ run: { runId, tenant }, step, effects }) =>
        log.say('warn', 'drain.step-given-up', { runId, tenant, step, effects }),
    };
    await Promise.all([claims.drain(grace), assignments.drain(grace)]);
    log.say('info', 'worker.drained', { runs: claims.driving, assignments: assignments.held });
  }

  /** The lease is lost: stops everything that is driven and executed under it at once. */
  abandon(): void {
    this.claims.abandon();
    this.assignments.abandon();
  }

  /** Waits until abandoned executions have ended. */
  async abandoned(): Promise<void> {
    await Promise.all([this.claims.drain({ graceMs: 0 }), this.assignments.drain({ graceMs: 0 })]);
  }

  /** Stops looking for environments to honour. */
  async stop(): Promise<void> {
    await this.honours.stop();
  }
}
