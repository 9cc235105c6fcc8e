import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { WorkerSession } from '@taskrunner/core';
import type { AnnounceLoop } from './loops/announce-loop';
import type { AssignmentLoop } from './loops/assignment-loop';
import type { AttestLoop } from './loops/attest-loop';
import type { Capabilities } from './capabilities';
import type { ClaimLoop } from './loops/claim-loop';
import type { Departure } from './departure';
import type { Grace } from './loops/drain';
import type { ExportLoop } from './loops/export-loop';
import type { HonourLoop } from './loops/honour-loop';
import type { LeaseLoss } from './lease/lease';
import type { LeaseKeeper } from './lease/lease-keeper';
import type { ObjectSweep } from './loops/object-sweep';
import type { Registration } from './registration';
import type { SandboxWatch } from './sandbox-watch';
import type { WorkerLog } from './reporting/worker-log';

/** How long a worker that could not begin a session waits before it tries again, milliseconds. */
const RETRY_MS = 1_000;

interface Closable {
  close(): unknown;
}

export interface WorkerDependencies {
  readonly capabilities: Capabilities;
  readonly registration: Registration;
  readonly lease: LeaseKeeper;
  readonly sandboxes: SandboxWatch;
  readonly departure: Departure;
  /** Hears when something is due. */
  readonly due: { listen(onHint: () => void): void };
  readonly claims: ClaimLoop;
  readonly assignments: AssignmentLoop;
  readonly honours: HonourLoop;
  readonly attests: AttestLoop;
  readonly announces: AnnounceLoop;
  readonly exporting: ExportLoop;
  readonly sweep: ObjectSweep;
  /** Closed at its end: threads, children, the watch over the object store, the way out. */
  readonly planning: Closable;
  readonly supervisor: Closable;
  readonly storeHealth: Closable;
  readonly egress: Closable;
  readonly log: WorkerLog;
  /** Milliseconds: how long steps may take to end, and to stop. */
  readonly drainMs: number;
  readonly stopGraceMs: number;
}

/** The life of a worker: one session at a time, and the loops that work in it. */
export class Worker implements BeforeApplicationShutdown {
  private hasStarted = false;
  private isListening = false;
  private isRestarting = false;

  constructor(private readonly dependencies: WorkerDependencies) {}

  async start(): Promise<void> {
    const { capabilities, registration, lease, sandboxes, due, claims, log } = this.dependencies;
    // Before runs name them.
    await sandboxes.keep();
    const workerSession = await registration.begin();
    lease.start(workerSession, (loss) => void this.beginAgain(loss));
    this.startSessionLoops(workerSession);
    if (!this.isListening) due.listen(() => claims.wake());
    this.isListening = true;
    sandboxes.start();
    this.startLoops();
    this.hasStarted = true;
    const { name, isolations, probe } = capabilities.description;
    log.say('info', 'worker.started', { name, isolations, probe });
  }

  /**
   * Drains, and ends everything but the database: claims and begins nothing more, hands over what is not under way, and waits for steps
   * that are. In a hurry: for no longer than they may take to stop. The session ends when its children are gone, so that nobody claims
   * what they still hold.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const { drainMs, stopGraceMs, departure, sandboxes } = this.dependencies;
    departure.begin();
    sandboxes.stop();
    if (this.hasStarted) await this.drain(departure.isHurried ? Math.min(drainMs, stopGraceMs) : drainMs);
    await this.dependencies.planning.close();
    await this.stopLoops();
    await this.dependencies.sweep.stop();
    await this.dependencies.lease.stop();
    // The children are gone before anyone else may claim what they belonged to.
    await this.dependencies.supervisor.close();
    this.dependencies.storeHealth.close();
    await this.dependencies.egress.close();
    await this.dependencies.registration.retire().catch(() => undefined);
  }

  private startSessionLoops(workerSession: WorkerSession): void {
    const { honours, claims, assignments } = this.dependencies;
    honours.start(workerSession);
    claims.start(workerSession);
    assignments.start(workerSession);
  }

  private startLoops(): void {
    const { attests, announces, exporting, sweep } = this.dependencies;
    attests.start();
    announces.start();
    exporting.start();
    sweep.start();
  }

  private async stopLoops(): Promise<void> {
    const { honours, attests, announces, exporting } = this.dependencies;
    await honours.stop();
    await attests.stop();
    await announces.stop();
    await exporting.stop();
  }

  /** Says what it did not wait for any longer. */
  private async drain(graceMs: number): Promise<void> {
    const { claims, assignments, log, stopGraceMs } = this.dependencies;
    log.say('info', 'worker.draining', { runs: claims.driving, assignments: assignments.held });
    const grace: Grace = {
      graceMs,
      stopMs: stopGraceMs,
      onAbandoned: ({ run: { runId, tenant }, step, effects }) =>
        log.say('warn', 'drain.step-given-up', { runId, tenant, step, effects }),
    };
    await Promise.all([claims.drain(grace), assignments.drain(grace)]);
    log.say('info', 'worker.drained', { runs: claims.driving, assignments: assignments.held });
  }

  /** The lease is over: this session is, too, and another begins, however long the database stays away. */
  private async beginAgain(loss: LeaseLoss): Promise<void> {
    const { departure, claims, assignments, lease, log } = this.dependencies;
    if (departure.hasBegun || this.isRestarting) return;
    this.isRestarting = true;
    log.say('error', 'lease.lost', { ...loss });
    claims.abandon();
    assignments.abandon();
    await lease.stop();
    await Promise.all([claims.drain({ graceMs: 0 }), assignments.drain({ graceMs: 0 })]);
    await this.stopLoops();
    while (!departure.hasBegun) {
      try {
        await this.start();
        break;
      } catch (error) {
        log.say('warn', 'worker.not-started', { error });
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.isRestarting = false;
  }
}
