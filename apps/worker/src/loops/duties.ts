import type { WorkerLog } from '../reporting/worker-log';

/** Recurring duties of a worker. A worker that cannot perform one is useless, even if it lives and its database answers. */
export const DUTIES = ['claim', 'drive', 'refuse', 'mail', 'attest', 'seal', 'assignment', 'standings'] as const;
export type Duty = (typeof DUTIES)[number];

interface DutySetting {
  /** How long a duty may fail before the worker is not ready, milliseconds. Absent: forever. */
  readonly unreadyAfterMs?: number;
  readonly onFailed?: (duty: Duty) => void;
  /** True if the database refuses a statement that this release always sends, so that no run is the cause. */
  readonly isDatabaseFault?: (error: unknown) => boolean;
  /** Why the database is unavailable or busy; null for other errors. The text of such an error names files that differ each time. */
  readonly outageOf?: (error: unknown) => string | null;
  /** Monotonic milliseconds; for tests. */
  readonly elapsed?: () => number;
}

interface Failing {
  readonly since: number;
  reason: string;
}

/**
 * The health of a worker's duties. The beginning and the end of a failure are logged. When a failure has lasted so long that the worker is
 * not ready, this is logged once with the reason. Each failure is counted.
 */
export class Duties {
  private readonly failing = new Map<Duty, Failing>();
  private isUnready = false;

  constructor(
    private readonly log: WorkerLog,
    private readonly setting: DutySetting = {},
  ) {}

  done(duty: Duty): void {
    const failing = this.failing.get(duty);
    if (!failing) return;
    this.failing.delete(duty);
    this.log.say('info', `${duty}.works-again`, { failedForMs: Math.round(this.elapsed() - failing.since) });
    if (!this.isUnready || this.trouble() !== null) return;
    this.isUnready = false;
    this.log.say('info', 'worker.ready', {});
  }

  failed(duty: Duty, error: unknown): void {
    this.setting.onFailed?.(duty);
    const reason = this.setting.outageOf?.(error) ?? (error instanceof Error ? error.message : String(error));
    const known = this.failing.get(duty);
    const failing = known ?? { since: this.elapsed(), reason };
    this.failing.set(duty, failing);
    if (!known || known.reason !== reason) this.log.say('warn', `${duty}.failed`, { error });
    failing.reason = reason;
    if (this.isUnready || !this.isTooLong(failing)) return;
    this.isUnready = true;
    this.log.say('error', 'worker.unready', { duty, reason, code: 'WORKER_CANNOT_WORK' });
  }

  /** Like `failed`, if the installation is the cause. False: the current run is the cause, and the caller reports it. */
  refused(duty: Duty, error: unknown): boolean {
    const { isDatabaseFault, outageOf } = this.setting;
    const isOfDatabase = isDatabaseFault?.(error) === true || (outageOf?.(error) ?? null) !== null;
    if (isOfDatabase) this.failed(duty, error);
    return isOfDatabase;
  }

  /** Why this worker is not ready; null if it is. */
  trouble(): string | null {
    for (const [duty, failing] of this.failing) {
      if (!this.isTooLong(failing)) continue;
      const seconds = Math.round((this.elapsed() - failing.since) / 1_000);
      return `${WHAT[duty]} has failed for ${seconds} s: ${failing.reason}`;
    }
    return null;
  }

  private elapsed(): number {
    return this.setting.elapsed?.() ?? performance.now();
  }

  private isTooLong({ since }: Failing): boolean {
    return this.elapsed() - since >= (this.setting.unreadyAfterMs ?? Infinity);
  }
}

const WHAT: { readonly [Each in Duty]: string } = {
  claim: 'claiming runs',
  drive: 'committing run progress',
  refuse: 'checking for runs that no worker can take',
  mail: 'reading inbox messages',
  attest: 'checking for evidence to seal',
  seal: 'storing evidence',
  assignment: 'claiming assignments',
  standings: 'checking assignments',
};
