import type { WorkerLog } from './worker-log';

/** Reasons of one outage that are logged. Further ones would say the same in other words, and be kept for as long as it lasts. */
const MOST_REASONS = 20;

/** Events of work that is repeated. */
interface FailureEvents {
  /** It failed. */
  readonly failed: string;
  /** It works again after a failure. */
  readonly works: string;
}

/**
 * Logs failures of work that is repeated every few seconds: each reason once, until the work succeeds, and then that it does. Without it, an
 * outage of some minutes would be hundreds of equal lines.
 */
export class FailureLog {
  private failing: { readonly since: number; readonly reasons: Set<string> } | null = null;

  constructor(
    private readonly log: WorkerLog,
    private readonly events: FailureEvents,
    /** Monotonic milliseconds; for tests. */
    private readonly elapsed: () => number = () => performance.now(),
  ) {}

  failed(reason: string, fields: { readonly [name: string]: unknown }): void {
    this.failing ??= { since: this.elapsed(), reasons: new Set() };
    if (this.failing.reasons.has(reason) || this.failing.reasons.size >= MOST_REASONS) return;
    this.failing.reasons.add(reason);
    this.log.say('warn', this.events.failed, fields);
  }

  works(fields: { readonly [name: string]: unknown } = {}): void {
    if (this.failing === null) return;
    const failedForMs = Math.round(this.elapsed() - this.failing.since);
    this.failing = null;
    this.log.say('info', this.events.works, { ...fields, failedForMs });
  }
}

/** The text of an error, by which equal failures are recognised. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
