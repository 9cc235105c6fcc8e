import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { GuardedClient } from '../connection/guarded-client';

/** The database roles, each with its own permissions (docs/guides/operations.md, Database). */
export const databaseRoles = ['owner', 'maintain', 'web', 'worker', 'audit'] as const;
export type DatabaseRole = (typeof databaseRoles)[number];

/** The role's name in PostgreSQL. */
export function roleName(role: DatabaseRole): `taskrunner_${DatabaseRole}` {
  return `taskrunner_${role}`;
}

const LOCK = 7_300_301;

/**
 * Creates the five roles, or resets their passwords. `adminUrl` needs CREATEROLE. `maintain` is a member of `owner`; the other roles have
 * no memberships.
 */
export async function bootstrapRoles(
  adminUrl: string,
  passwords: { readonly [Role in DatabaseRole]: string },
): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    for (const role of databaseRoles) {
      const name = escapeIdentifier(roleName(role));
      const { rowCount } = await client.query('select from pg_roles where rolname = $1', [roleName(role)]);
      if (!rowCount) await client.query(`create role ${name}`);
      await client.query(
        `alter role ${name} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${escapeLiteral(passwords[role])}`,
      );
    }
    await client.query(`grant ${roleName('owner')} to ${roleName('maintain')}`);
  });
}

/** From PostgreSQL 18 on, files can share their blocks or be copied by the kernel. Earlier releases lack this setting. */
const CLONES_FILES = `select set_config(name, 'clone', false) from pg_settings where name = 'file_copy_method'`;

/**
 * Creates the database, owned by the owner role and accessible only to our roles. An existing one is left unchanged. `copyOf`, for tests:
 * copies the files of another database, which takes half as long as writing each of its pages.
 */
export async function createDatabase(adminUrl: string, name: string, copyOf?: string): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    const database = escapeIdentifier(name);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (!rowCount) {
      if (copyOf !== undefined) await client.query(CLONES_FILES);
      const copied = copyOf !== undefined && `${escapeIdentifier(copyOf)} strategy file_copy`;
      const template = copied || `template0 encoding 'UTF8'`;
      await client.query(`create database ${database} template ${template} owner ${roleName('owner')}`);
    }
    await client.query(`revoke all on database ${database} from public`);
    const all = databaseRoles.map((role) => escapeIdentifier(roleName(role))).join(', ');
    await client.query(`grant connect on database ${database} to ${all}`);
  });
}

async function asAdmin(adminUrl: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new GuardedClient({
    ...{ connectionString: adminUrl, application_name: 'taskrunner bootstrap', keepAlive: true },
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await work(client);
  } finally {
    await client.end();
  }
}
