import type { Duplex } from 'node:stream';
import type { Client, ClientConfig } from 'pg';
import { DatabaseError } from './database-error';
import { GuardedClient } from './guarded-client';
import { namingRefusals, placeOf, type Connecting } from './refused-database';

/** Connection timeout, milliseconds. */
const CONNECT_MS = 10_000;

/**
 * Runs work on a connection of its own, for operator commands. Errors of the database name the database, the role and the remedy. `signal`
 * closes the connection, which ends the work.
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

/** Creates a client. The driver reads the certificate files of the URL, and throws if one is unreadable. */
function clientOf({ url }: Connecting, config: Omit<ClientConfig, 'connectionString'>): Client {
  try {
    return new GuardedClient({
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      ...config,
      connectionString: url,
    });
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

/** Closes the socket, so that pending requests fail at once. The driver itself would wait for a response. */
function disconnect(client: Client): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Duplex } };
  connection.stream.destroy();
}
