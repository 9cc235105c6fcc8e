import { Client } from 'pg';
import { parsers } from '../connection/connection';

/**
 * A connection of the `maintain` role for as long as a backup or a restore takes. Values are written and read as text in one form, whatever
 * the database's settings are.
 */
export async function asMaintainer<Result>(
  maintainUrl: string,
  name: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({
    connectionString: maintainUrl,
    application_name: name,
    keepAlive: true,
    types: parsers,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(
      `set statement_timeout = 0; set lock_timeout = '60s'; set idle_in_transaction_session_timeout = 0; set datestyle = iso;
       set intervalstyle = postgres; set extra_float_digits = 3; set timezone = 'UTC'; set client_encoding = 'UTF8';
       set search_path = pg_catalog`,
    );
    return await work(client);
  } finally {
    await client.end();
  }
}
