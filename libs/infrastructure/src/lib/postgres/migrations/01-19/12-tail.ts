import { sqlMigration } from '../sql-migration';

/**
 * The progress of watched runs of all tenants in one query. It is the only query that `web` may make without a tenant, and it returns
 * nothing else. The owner needs its own policy for it, because row-level security is forced on the owner too.
 */
export const tail = sqlMigration(
  'Tail1764000000012',
  `
create policy tail on pack_runs.runs for select to taskrunner_owner using (true);

create function pack_runs.tail(tenants text[], runs uuid[])
returns table (tenant_id text, run_id uuid, last_seq bigint, last_line bigint, status text, version bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.tenant_id, r.run_id, r.last_seq, r.last_line, pack_runs.shown_status(r.status, r.cancel_position, r.seen), r.version
  from unnest(tenants, runs) w (tenant_id, run_id)
  join pack_runs.runs r on r.tenant_id = w.tenant_id and r.run_id = w.run_id
$$;

revoke execute on function pack_runs.tail(text[], uuid[]) from public;
grant execute on function pack_runs.tail(text[], uuid[]) to taskrunner_web, taskrunner_worker;
`,
);
