import { Client } from 'pg';
import type { EmbeddedPostgres } from '../embedded-postgres';
import { bootstrapRoles, createDatabase, roleName, type DatabaseRole } from '../postgres/schema/roles';

/** The database of a storage folder. */
export const DATABASE = 'taskrunner';

/** Creates the roles and the database in a server. Existing ones are kept, and the roles get the passwords that this server derives. */
export async function createContents(server: EmbeddedPostgres): Promise<void> {
  const passwordOf = (role: DatabaseRole): string => server.passwordOf(roleName(role));
  await bootstrapRoles(server.url(), {
    owner: passwordOf('owner'),
    maintain: passwordOf('maintain'),
    web: passwordOf('web'),
    worker: passwordOf('worker'),
    audit: passwordOf('audit'),
  });
  await createDatabase(server.url(), DATABASE);
}

/** Deletes all other databases of a new server. They are more than half of its files, and no database is created from them. */
export async function dropOthers(server: EmbeddedPostgres): Promise<void> {
  const client = new Client({ connectionString: server.url(undefined, DATABASE) });
  await client.connect();
  try {
    for (const name of ['postgres', 'template1', 'template0']) {
      await client.query(`alter database ${name} is_template false`);
      await client.query(`drop database ${name}`);
    }
  } finally {
    await client.end();
  }
}

/** The connection URL of a role. */
export function urlOfRole(server: EmbeddedPostgres, role: DatabaseRole): string {
  return server.url(roleName(role), DATABASE);
}
