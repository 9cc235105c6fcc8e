import type { FollowingOptions } from '@taskrunner/client';
import { durationText } from '../lists/time-text';
import { timeOfDay } from '../terminal/log-printer';
import { safeLine } from '../terminal/safe-text';
import { failureOf, isRefusal } from './failure';
import { PATIENCE_MS } from './patience';

/** Interruptions that are over sooner are not reported, milliseconds: proxies close connections regularly. */
const QUIET_MS = 1_000;

/** Where a notice is written. */
interface NoticeOptions {
  /** Writes a line for people. */
  readonly say: (line: string) => void;
  /** True if a person looks at it: times are local. */
  readonly isInteractive: boolean;
  /** Default 1000. */
  readonly quietMs?: number;
}

/** Reports that the connection to a server is lost, once, and when it is back. Several streams of a command share one report. */
export class ConnectionNotice {
  private readonly lost = new Set<object>();
  private since = 0;
  private timer: NodeJS.Timeout | null = null;
  private isReported = false;

  constructor(private readonly options: NoticeOptions) {}

  /** What one stream reports: followed lines, a watched run, or a wait. */
  stream(): Required<Pick<FollowingOptions, 'onConnected' | 'onInterrupted'>> {
    const stream = {};
    return {
      onConnected: () => {
        if (this.lost.delete(stream) && this.lost.size === 0) this.back();
      },
      onInterrupted: ({ error }) => {
        // A server that stops asks its clients to come back: nothing is lost yet.
        if (error === null) return;
        if (this.lost.size === 0) this.begin(error);
        this.lost.add(stream);
      },
    };
  }

  /** Reports nothing more. */
  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private begin(error: unknown): void {
    const { say, isInteractive, quietMs = QUIET_MS } = this.options;
    const since = Date.now();
    this.since = since;
    this.timer = setTimeout(() => {
      this.isReported = true;
      const time = timeOfDay(new Date(since), isInteractive);
      say(safeLine(`connection lost at ${time}: ${reasonOf(error)}`));
      say(`trying again for up to ${durationText(PATIENCE_MS)}; the run does not depend on this connection`);
    }, quietMs).unref();
  }

  private back(): void {
    this.close();
    if (!this.isReported) return;
    this.isReported = false;
    const now = Date.now();
    const time = timeOfDay(new Date(now), this.options.isInteractive);
    this.options.say(`connected again at ${time}, after ${durationText(now - this.since)}`);
  }
}

function reasonOf(error: unknown): string {
  if (isRefusal(error)) return `the server answers ${error.code}: ${error.detail}`;
  const failure = failureOf(error);
  return failure === null ? String(error) : failure.message;
}
