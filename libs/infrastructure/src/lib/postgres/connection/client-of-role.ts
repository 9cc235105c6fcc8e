import type { Duplex } from 'node:stream';
import { Client, type ClientConfig } from 'pg';
import { DatabaseError } from './database-error';
import { namingRefusals, placeOf, type Connecting } from './refused-database';

/** Timeout for a server that does not answer, milliseconds. */
const CONNECT_MS = 10_000;

/**
 * Does work on a connection of its own, for commands of operators. What the database refuses says which database, which role and what to do.
 * `signal` ends the connection, and with it the work.
 * @throws DatabaseError
 */
export function asRole<Result>(
  connecting: Connecting & { readonly signal?: AbortSignal | undefined },
  config: Omit<ClientConfig, 'connectionString'>,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  return namingRefusals(connecting, async () => {
    const client = clientOf(connecting, config);
    client.on('error', () => undefined);
    const interrupt = (): void => disconnect(client);
    connecting.signal?.addEventListener('abort', interrupt);
    try {
      connecting.signal?.throwIfAborted();
      await client.connect();
      return await work(client);
    } finally {
      connecting.signal?.removeEventListener('abort', interrupt);
      await client.end();
    }
  });
}

/** The driver reads the certificates that a URL names. */
function clientOf({ url }: Connecting, config: Omit<ClientConfig, 'connectionString'>): Client {
  try {
    return new Client({ connectionTimeoutMillis: CONNECT_MS, keepAlive: true, ...config, connectionString: url });
  } catch (error) {
    throw new DatabaseError(
      'DB_TLS',
      `the connection to ${placeOf(url)} cannot be set up: ${(error as Error).message}`,
      'Correct the parameters of the URL (sslmode, sslrootcert, sslcert, sslkey), and let this user read the files that they refer to.',
      [],
      { cause: error },
    );
  }
}

/** Everything that waits for the server fails at once; the driver itself would wait for an answer. */
function disconnect(client: Client): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Duplex } };
  connection.stream.destroy();
}
