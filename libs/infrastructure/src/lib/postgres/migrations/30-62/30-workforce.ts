import { sqlMigration } from '../sql-migration';

/**
 * The number of living workers, and how many of them honour an environment. `web` may read nothing else about workers. It uses the numbers
 * to refuse a sealed run that no worker could execute. The owner needs its own policy for that, because row-level security is forced on the
 * owner too.
 */
export const workforce = sqlMigration(
  'Workforce1764000000300',
  `
create policy counted on pack_runs.workers for select to taskrunner_owner using (true);

create function pack_runs.workforce(environment bytea)
returns table (live integer, honouring integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*)::integer, count(*) filter (where environment = any (w.environments))::integer
  from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp()
$$;

revoke execute on function pack_runs.workforce(bytea) from public;
grant execute on function pack_runs.workforce(bytea) to taskrunner_web;
`,
);
