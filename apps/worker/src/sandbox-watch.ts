import type { Capabilities } from './capabilities';
import type { Departure } from './departure';
import type { WorkLoops } from './loops/work-loops';
import type { Registration } from './registration';
import type { WorkerLog } from './reporting/worker-log';
import type { SandboxProbes } from './sandbox-probes';

/** Between two probes that failed starts ask for. */
const SUSPICION_MS = 10_000;

/** Probes the sandboxes again and again, and when one could not be set up. */
export class SandboxWatch {
  private prober: NodeJS.Timeout | null = null;
  private suspectedAt = -Infinity;

  /** `health` hears of sandboxes that could not be set up. `intervalMs`: between two probes. */
  constructor(
    private readonly probes: SandboxProbes,
    health: { onSuspected(listener: () => void): void },
    private readonly work: Pick<WorkLoops, 'letGo'>,
    private readonly capabilities: Capabilities,
    private readonly registration: Registration,
    private readonly departure: Departure,
    private readonly log: WorkerLog,
    private readonly intervalMs: number,
  ) {
    health.onSuspected(() => this.suspect());
  }

  /** Goes on through all sessions of its worker. */
  start(): void {
    this.prober ??= setInterval(() => void this.prove(), this.intervalMs);
  }

  stop(): void {
    if (this.prober !== null) clearInterval(this.prober);
  }

  /** A sandbox could not be set up: perhaps it is this step, perhaps the machine has changed. */
  private suspect(): void {
    if (performance.now() - this.suspectedAt < SUSPICION_MS) return;
    this.suspectedAt = performance.now();
    void this.prove();
  }

  /** Probes again. What cannot be enforced any more is claimed no more, and what is driven under it is handed over. */
  private async prove(): Promise<void> {
    try {
      if (this.departure.hasBegun || !(await this.probes.again())) return;
      const { isolations, probe } = this.capabilities.proven();
      this.log.say('warn', 'sandbox.changed', { isolations, probe });
      this.probes.sayRefused();
      this.work.letGo();
      await this.registration.describe();
    } catch (error) {
      this.log.say('error', 'sandbox.not-probed', { error });
    }
  }
}
