import type { Capabilities } from './capabilities';
import type { Departure } from './departure';
import type { WorkLoops } from './loops/work-loops';
import type { Registration } from './registration';
import type { WorkerLog } from './reporting/worker-log';
import type { SandboxProbes } from './sandbox-probes';

/** Minimum time between two probes that failed starts trigger, milliseconds. */
const SUSPICION_MS = 10_000;

/** Repeats the probes of the sandboxes periodically, and when a sandbox could not be set up. */
export class SandboxWatch {
  private prober: NodeJS.Timeout | null = null;
  private suspectedAt = -Infinity;

  /** `health` reports sandboxes that could not be set up. `intervalMs`: between two probes. */
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

  /** Continues through all sessions of its worker. */
  start(): void {
    this.prober ??= setInterval(() => void this.prove(), this.intervalMs);
  }

  stop(): void {
    if (this.prober !== null) clearInterval(this.prober);
  }

  /** A sandbox could not be set up: either because of this step, or because the machine has changed. */
  private suspect(): void {
    if (performance.now() - this.suspectedAt < SUSPICION_MS) return;
    this.suspectedAt = performance.now();
    void this.prove();
  }

  /** Repeats the probes. Runs whose sandbox can no longer be enforced are not claimed any more, and driven ones are handed over. */
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
