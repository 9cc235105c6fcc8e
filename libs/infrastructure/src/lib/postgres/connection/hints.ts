import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { pauseMs } from './retry';
import type { Statement } from './statement';

/** Hints have no payload: they only signal that work is due. */
const CHANNEL = 'taskrunner_due';

/** What sends a statement: a pool, or a connection, on which it follows what was sent before. */
interface Sender {
  query(statement: Statement): Promise<unknown>;
}

const HINT: Statement = { name: 'hint', text: `select pg_notify('${CHANNEL}', '')` };

/**
 * Sends a hint to idle workers that something is due, so that they poll before their pause is over. It is never sent in a transaction of a
 * run, because a NOTIFY there would serialise all commits of the server on one lock. At most one is in progress. A lost hint costs one
 * pause.
 */
export class DueHints {
  private sending = false;
  private again = false;

  constructor(private readonly pool: Sender) {}

  /**
   * Sends a hint; if one is in progress, another follows it, because the first may have been too early.
   *
   * @param after the connection on which it is sent right after the statement that makes something due, without waiting for its answer. If
   *   that statement fails, nobody finds anything.
   * @returns when it is answered; never rejects.
   */
  send(after: Sender = this.pool): Promise<void> {
    if (this.sending) {
      this.again = true;
      return Promise.resolve();
    }
    this.sending = true;
    this.again = false;
    return after
      .query(HINT)
      .catch(() => undefined)
      .then(() => {
        this.sending = false;
        if (this.again) void this.send();
      });
  }
}

/** Listens for hints on a connection of its own. During an outage of the database there are none. */
export class DueListener {
  private client: PoolClient | null = null;
  private closed = false;
  private ended: Promise<void> | null = null;
  private lost: () => void = () => undefined;

  /** @param pool a pool with one connection, not shared with other users. */
  constructor(private readonly pool: Pool) {}

  /** Calls `onHint` for each hint from now on, and after each reconnect, because hints may have been missed. */
  listen(onHint: () => void): void {
    void this.listenForever(onHint);
  }

  /** May be called twice: a failed start closes it by itself, and with its database. */
  async close(): Promise<void> {
    this.closed = true;
    this.lost();
    await (this.ended ??= this.pool.end());
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
        // Unavailable: listeners poll anyway, at short pauses.
      }
      this.client?.release(true);
      this.client = null;
      if (!this.closed) await delay(pauseMs(round));
    }
  }
}
