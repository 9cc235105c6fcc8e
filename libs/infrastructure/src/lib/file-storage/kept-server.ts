import type { EmbeddedPostgres, ServerExit } from '../embedded-postgres';
import { damageOfLog } from './damaged-log';

/** Is told about the ends of a server that nobody has asked for. */
export interface RestartListener {
  /** The server has ended. */
  readonly onEnded?: (exit: ServerExit) => void;
  /** It was started again, and its URLs are valid again. */
  readonly onRestarted?: (facts: { readonly tookMs: number }) => void;
  /** It was not started again. `error`: why. */
  readonly onLost?: (error: Error) => void;
}

/** A server that ends again within this time after it was started again is not started once more, milliseconds. */
const SETTLED_MS = 60_000;

/**
 * A server that is started again when it ends unexpectedly, for example because the kernel had no memory left. It recovers as after every
 * crash, so no acknowledged commit is lost, and its clients connect again with the same URLs.
 *
 * It is not started again if it would not help, or if this process may remember more than the database: it has just been started again, it
 * does not start, or its log is damaged.
 */
export class KeptServer {
  /** Resolves when the server has ended for good. */
  readonly ended: Promise<ServerExit>;
  private stopping: Promise<void> | null = null;
  private starting: Promise<void> = Promise.resolve();
  private startedAgainAt = -Infinity;

  constructor(
    private server: EmbeddedPostgres,
    /** Starts the server again, at the address of the one that has ended. */
    private readonly start: (ended: EmbeddedPostgres) => Promise<EmbeddedPostgres>,
    private readonly listener: RestartListener,
    /** Monotonic milliseconds; a parameter for tests. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.ended = this.watch();
  }

  /** Stops the server. It is not started again. */
  stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    await this.starting;
    await this.server.stop();
    await this.ended;
  }

  private async watch(): Promise<ServerExit> {
    for (;;) {
      const exit = await this.server.exited;
      if (this.stopping !== null) return exit;
      this.listener.onEnded?.(exit);
      const starting = this.startAgain();
      this.starting = starting.then(() => undefined);
      const error = await starting;
      if (error === null) continue;
      this.listener.onLost?.(error);
      return exit;
    }
  }

  /** Returns why it was not started; null: it was. */
  private async startAgain(): Promise<Error | null> {
    const began = this.now();
    if (began - this.startedAgainAt < SETTLED_MS) return new Error('it has ended twice within a minute');
    try {
      const server = await this.start(this.server);
      this.server = server;
      const damage = server.startLog.map(damageOfLog).find((found) => found !== null);
      if (damage !== undefined) {
        await server.stop();
        return new Error(`its log is damaged: ${damage}`);
      }
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    this.startedAgainAt = this.now();
    this.listener.onRestarted?.({ tookMs: Math.round(this.startedAgainAt - began) });
    return null;
  }
}
