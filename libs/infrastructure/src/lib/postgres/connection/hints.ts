import { setTimeout as delay } from 'node:timers/promises';
import { isTenantId, runUuid, toRunId } from '@taskrunner/core/foundation';
import type { RunName } from '@taskrunner/core/ports';
import type { Pool, PoolClient } from 'pg';
import { pauseMs } from './retry';
import { queryOf, type Statement } from './statement';

/** Hints signal that work is due. One about a single new run names it: `<tenant>/<uuid>`. */
const CHANNEL = 'taskrunner_due';
const NAMED = /^([^/]+)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** What sends a statement: a pool, or a connection, on which it follows what was sent before. */
interface Sender {
  query(statement: Statement & { readonly values: string[] }): Promise<unknown>;
}

const HINT: Statement = { name: 'hint', text: `select pg_notify('${CHANNEL}', $1)` };

/** A transaction that makes something due, and whose statements are sent. */
interface Due {
  /** The connection that it uses. */
  readonly connection: Sender;
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<unknown>;
}

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
   * Sends a hint right after the statements of a transaction, without waiting for their answers. If it fails, nobody finds anything. If
   * another hint is in progress, one follows when the transaction has ended, because a hint before its commit is too early.
   *
   * @param run the new run that is due, if it is the only one.
   * @returns when the connection is free again; never rejects.
   */
  send(run: RunName | null, { connection, ended }: Due): Promise<void> {
    if (!this.sending) return this.sendOn(connection, run);
    void ended.then(() => {
      if (this.sending) this.again = true;
      else void this.sendOn(this.pool, run);
    });
    return Promise.resolve();
  }

  /** If others ask for a hint meanwhile, one that names no run follows for all of them. */
  private async sendOn(sender: Sender, run: RunName | null): Promise<void> {
    this.sending = true;
    this.again = false;
    await sender
      .query(queryOf(HINT, [run === null ? '' : `${run.tenant}/${runUuid(run.runId)}`]))
      .catch(() => undefined);
    this.sending = false;
    if (this.again) void this.sendOn(this.pool, null);
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

  /**
   * Calls `onHint` for each hint from now on, with the run that it names, and after each reconnect, because hints may have been missed.
   */
  listen(onHint: (run: RunName | null) => void): void {
    void this.listenForever(onHint);
  }

  /** May be called twice: a failed start closes it by itself, and with its database. */
  async close(): Promise<void> {
    this.closed = true;
    this.lost();
    await (this.ended ??= this.pool.end());
  }

  private async listenForever(onHint: (run: RunName | null) => void): Promise<void> {
    for (let round = 0; !this.closed; round++) {
      try {
        this.client = await this.pool.connect();
        const lost = new Promise<void>((resolve) => {
          this.lost = resolve;
          this.client?.once('end', resolve).once('error', () => resolve());
        });
        this.client.on('notification', ({ payload }) => onHint(namedBy(payload)));
        await this.client.query(`listen ${CHANNEL}`);
        round = 0;
        onHint(null);
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

/** The run that a hint names; null: none. Anybody who is connected to the database can send one. */
function namedBy(payload: string | undefined): RunName | null {
  const [, tenant, uuid] = NAMED.exec(payload ?? '') ?? [];
  return tenant !== undefined && uuid !== undefined && isTenantId(tenant) ? { tenant, runId: toRunId(uuid) } : null;
}
