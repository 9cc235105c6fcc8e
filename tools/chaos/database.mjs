// The embedded PostgreSQL of the stack as a target: a postmaster that may be killed and must be restarted.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bornAt, lives } from './processes.mjs';
import { pause } from './waiting.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const { Client } = require('pg');

/** One query on a new connection, because connections must not outlive their server. */
export async function askAt(connectionString, text, values = []) {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5_000, query_timeout: 60_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export class Database {
  #started = null;

  /** `adminUrl`: URL of the superuser for the product's database. */
  constructor({ adminUrl, dataDirectory, durable }) {
    Object.assign(this, { adminUrl, dataDirectory, durable, port: Number(new URL(adminUrl).port) });
  }

  /** One query as the superuser. */
  ask(text, values = []) {
    return askAt(this.adminUrl, text, values);
  }

  /** Sends SIGKILL to the postmaster under load. Resolves when it has ended. Its backends detect this by themselves. */
  async kill() {
    this.pgdata ??= (await this.ask(`select current_setting('data_directory') as pgdata`))[0].pgdata;
    const pid = Number(readFileSync(join(this.pgdata, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const postmaster = { pid, born: bornAt(pid) };
    process.kill(pid, 'SIGKILL');
    while (lives(postmaster)) await pause(10);
  }

  /**
   * Restarts the server. A start is refused while old backends live, so it is repeated until it succeeds. Resolves to the duration in
   * milliseconds.
   */
  async restart(patienceMs = 60_000) {
    const { startEmbeddedPostgres } = require('@taskrunner/infrastructure/embedded-postgres');
    const { guardDatabase } = require(join(ROOT, 'apps/cli/dist/dev/database-guard.js'));
    const began = Date.now();
    for (;;) {
      try {
        const { dataDirectory, port, durable } = this;
        const server = await startEmbeddedPostgres({ dataDirectory, port, fsync: durable });
        const dismiss = guardDatabase(server.pid, server.pgdata);
        this.#started = { stop: () => server.stop().then(dismiss) };
        return Date.now() - began;
      } catch (error) {
        if (Date.now() - began > patienceMs) throw error;
        await pause(100);
      }
    }
  }

  /** Stops the server if it was started here. */
  async stop() {
    await this.#started?.stop();
  }
}
