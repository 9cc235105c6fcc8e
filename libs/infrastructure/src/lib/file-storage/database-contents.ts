import type { EmbeddedPostgres } from '../embedded-postgres';
import { bootstrapRoles, createDatabase, roleName, type DatabaseRole } from '../postgres/schema/roles';

const DATABASE = 'taskrunner';

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

/** The connection URL of a role. */
export function urlOfRole(server: EmbeddedPostgres, role: DatabaseRole): string {
  return server.url(roleName(role), DATABASE);
}
