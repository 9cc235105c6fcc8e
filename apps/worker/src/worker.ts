import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Capabilities } from './capabilities';
import type { Departure } from './departure';
import type { LeaseLoss } from './lease/lease';
import type { UpkeepLoops } from './loops/upkeep-loops';
import type { WorkLoops } from './loops/work-loops';
import type { Processes } from './processes';
import type { WorkerLog } from './reporting/worker-log';
import type { SandboxWatch } from './sandbox-watch';
import type { WorkerSessions } from './worker-sessions';

/** Pause before a worker that could not begin a session tries again, milliseconds. */
const RETRY_MS = 1_000;

/** The lifecycle of a worker: one session at a time, with the loops that work in it. */
export class Worker implements BeforeApplicationShutdown {
  private hasStarted = false;
  private isRestarting = false;

  constructor(
    private readonly sessions: WorkerSessions,
    private readonly work: WorkLoops,
    private readonly upkeep: UpkeepLoops,
    private readonly processes: Processes,
    private readonly sandboxes: SandboxWatch,
    private readonly capabilities: Capabilities,
    private readonly departure: Departure,
    private readonly log: WorkerLog,
  ) {}

  async start(): Promise<void> {
    this.work.start(await this.sessions.begin((loss) => void this.beginAgain(loss)));
    this.sandboxes.start();
    this.upkeep.start();
    this.hasStarted = true;
    const { name, isolations, probe } = this.capabilities.description;
    this.log.say('info', 'worker.started', { name, isolations, probe });
  }

  /**
   * Drains, and ends everything except the database. The session ends after its child processes, so that nobody claims the runs that they
   * still hold.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.departure.begin();
    this.sandboxes.stop();
    if (this.hasStarted) await this.work.drain(this.departure.patience);
    await this.processes.closeThreads();
    await this.work.stop();
    await this.upkeep.stop();
    await this.sessions.end();
    await this.processes.close();
    await this.sessions.retire();
  }

  /** The lease has ended, and with it this session. Another one begins, however long the database is unavailable. */
  private async beginAgain(loss: LeaseLoss): Promise<void> {
    if (this.departure.hasBegun || this.isRestarting) return;
    this.isRestarting = true;
    this.log.say('error', 'lease.lost', { ...loss });
    this.work.abandon();
    await this.sessions.end();
    await this.work.abandoned();
    await this.work.stop();
    await this.upkeep.pause();
    while (!this.departure.hasBegun) {
      try {
        await this.start();
        break;
      } catch (error) {
        this.log.say('warn', 'worker.not-started', { error });
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.isRestarting = false;
  }
}
