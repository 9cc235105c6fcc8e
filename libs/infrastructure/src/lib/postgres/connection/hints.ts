import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { pauseMs } from './retry';

/** Without payload: a listener learns only that somebody has work. */
const CHANNEL = 'taskrunner_due';

/**
 * Notifies idle workers that something is due, so that they poll before their pause is over. It is only a hint: it is never sent in a
 * transaction of a run (a NOTIFY there would make all commits of the server queue for one lock), at most one is in progress, and a lost one
 * costs a pause.
 */
export class DueHints {
  private sending = false;
  private again = false;

  constructor(private readonly pool: Pool) {}

  /** Does not wait. */
  send(): void {
    if (this.sending) {
      this.again = true;
      return;
    }
    this.sending = true;
    this.again = false;
    void this.pool
      .query({ name: 'hint', text: `select pg_notify('${CHANNEL}', '')` })
      .catch(() => undefined)
      .finally(() => {
        this.sending = false;
        if (this.again) this.send();
      });
  }
}

/** Listens for hints on a connection of its own. While the database is unavailable there are none. */
export class DueListener {
  private client: PoolClient | null = null;
  private closed = false;
  private lost: () => void = () => undefined;

  /** @param pool with one connection that nobody else uses. */
  constructor(private readonly pool: Pool) {}

  /** Calls `onHint` for each hint from now on, and whenever it listens again, because hints may have been missed. */
  listen(onHint: () => void): void {
    void this.listenForever(onHint);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.lost();
    await this.pool.end();
  }

  private async listenForever(onHint: () => void): Promise<void> {
    for (let round = 0; !this.closed; round++) {
      try {
        this.client = await this.pool.connect();
        const lost = new Promise<void>((resolve) => {
          this.lost = resolve;
          this.client?.once('end', resolve).once('error', () => resolve());
        });
        this.client.on('notification', onHint);
        await this.client.query(`listen ${CHANNEL}`);
        round = 0;
        onHint();
        if (!this.closed) await lost;
      } catch {
        // Unavailable: the polling pauses of listeners are short enough without hints.
      }
      this.client?.release(true);
      this.client = null;
      if (!this.closed) await delay(pauseMs(round));
    }
  }
}
