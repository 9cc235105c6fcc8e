import { sqlMigration } from '../sql-migration';

/**
 * Runs that workers cannot honour. `passed_by` has the worker sessions that have claimed the run and released it for that reason. A run
 * that no living worker can honour leaves the index of due runs (`unplaced`) and names the missing parts. This state began at the `due_at`
 * of the row.
 */
export const honour = sqlMigration(
  'Honour1764000000930',
  `
alter table pack_runs.runs add column passed_by uuid[] not null default '{}';
alter table pack_runs.runs add column unhonoured text collate "C";

create index runs_unhonoured on pack_runs.runs (environment_digest) where unhonoured is not null;

create function pack_runs.workforce_enforcing(isolation text)
returns table (live integer, honouring integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*)::integer,
    count(*) filter (where workforce_enforcing.isolation = any (string_to_array(w.isolation, ' ')))::integer
  from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp()
$$;

revoke execute on function pack_runs.workforce_enforcing(text) from public;
grant execute on function pack_runs.workforce_enforcing(text) to taskrunner_web;
`,
);
