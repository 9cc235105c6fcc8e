import type { Digest, ProbeDocuments } from '@taskrunner/core';
import type { Capabilities } from './capabilities';
import type { Departure } from './departure';
import type { Registration } from './registration';
import type { WorkerLog } from './reporting/worker-log';

/** Between two probes that failed starts ask for. */
const SUSPICION_MS = 10_000;

/** What drives under an environment, and lets go of what this worker can honour no more. */
interface Claimant {
  abandonOthers(honours: (environment: string) => boolean): void;
}

export interface SandboxWatchDependencies {
  readonly sandboxes: {
    readonly documents: ReadonlyMap<Digest, string>;
    /** Probes again; true if it has come out otherwise. */
    again(): Promise<boolean>;
  };
  /** Hears of sandboxes that could not be set up. */
  readonly health: { onSuspected(listener: () => void): void };
  readonly probeDocuments: ProbeDocuments;
  readonly capabilities: Capabilities;
  readonly registration: Registration;
  readonly departure: Departure;
  readonly honours: { forget(): void; honours(environment: string): boolean };
  readonly claims: Claimant;
  readonly assignments: Claimant;
  readonly log: WorkerLog;
  /** Says what cannot be enforced, and why. */
  readonly sayRefused: () => void;
  /** Between two probes, milliseconds. */
  readonly intervalMs: number;
}

/** Probes the sandboxes again and again, and when one could not be set up. */
export class SandboxWatch {
  private prober: NodeJS.Timeout | null = null;
  private suspectedAt = -Infinity;

  constructor(private readonly dependencies: SandboxWatchDependencies) {
    dependencies.health.onSuspected(() => this.suspect());
  }

  /** Keeps the documents of all probes so far: runs name the one under which they were claimed. */
  async keep(): Promise<void> {
    await this.dependencies.probeDocuments.keep(this.dependencies.sandboxes.documents);
  }

  /** Goes on through all sessions of its worker. */
  start(): void {
    this.prober ??= setInterval(() => void this.prove(), this.dependencies.intervalMs);
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
    const { sandboxes, capabilities, departure, registration, claims, assignments, log } = this.dependencies;
    try {
      if (departure.hasBegun || !(await sandboxes.again())) return;
      await this.keep();
      const { isolations, probe } = capabilities.proven();
      log.say('warn', 'sandbox.changed', { isolations, probe });
      this.dependencies.sayRefused();
      // The next look finds what else this worker can honour.
      this.dependencies.honours.forget();
      const honours = (environment: string): boolean => this.dependencies.honours.honours(environment);
      claims.abandonOthers(honours);
      assignments.abandonOthers(honours);
      await registration.describe();
    } catch (error) {
      log.say('error', 'sandbox.not-probed', { error });
    }
  }
}
