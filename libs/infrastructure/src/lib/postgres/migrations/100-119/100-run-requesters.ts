import { sqlMigration } from '../sql-migration';

/**
 * An index for the runs of a requester. The subject is a separate column, because row-level security lets the webservice use an index only
 * for leakproof operators, and `->>` is not leakproof. A webservice of the previous release does not write the column, so a trigger does.
 */
export const runRequesters = sqlMigration(
  'RunRequesters1764000001000',
  `
alter table pack_runs.run_sources add column requester_sub text collate "C";

create function pack_runs.mark_requester() returns trigger language plpgsql as $$
begin
  new.requester_sub := new.requester->>'sub';
  return new;
end $$;

create trigger mark before insert on pack_runs.run_sources for each row when (new.requester_sub is null)
execute function pack_runs.mark_requester();

alter table pack_runs.run_sources no force row level security;
update pack_runs.run_sources set requester_sub = requester->>'sub';
alter table pack_runs.run_sources force row level security;

create index run_sources_by_requester on pack_runs.run_sources (tenant_id, requester_sub, run_id);
`,
);
