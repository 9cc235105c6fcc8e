import { sqlMigration } from './sql-migration';

/**
 * The row of a run has no trigger before its updates. PostgreSQL locks the row for such a trigger in addition to the update, which took 65
 * bytes of its log for each idempotent step, and with the trigger itself 7 % of the database's processor time. `stuck` is a generated column
 * instead, which rewrites the table once. Whoever sets `due_at` or `last_seq` also sets `due_set_at` or `committed_at`; a test reads all
 * statements.
 */
export const marksByStatements = sqlMigration(
  'MarksByStatements1764000001220',
  `
drop trigger mark on pack_runs.runs;
drop function pack_runs.mark_run();
drop trigger feed_changed on pack_runs.runs;
drop trigger feed_created on pack_runs.runs;

drop index pack_runs.runs_stuck;
alter table pack_runs.runs drop column stuck;
alter table pack_runs.runs rename column seen to former_seen;
alter table pack_runs.runs rename column last_line to former_last_line;
alter table pack_runs.runs rename column last_seq to former_last_seq;
alter table pack_runs.runs rename column version to former_version;
alter table pack_runs.runs rename column committed_at to former_committed_at;
alter table pack_runs.runs rename column fed_version to former_fed_version;
alter table pack_runs.runs rename column head to former_head;
alter table pack_runs.runs rename column counts to former_counts;
alter table pack_runs.runs add column seen bigint not null default 0, add column last_line bigint not null default 0, add column last_seq bigint not null default 0, add column version bigint not null default 1, add column committed_at timestamptz, add column fed_version bigint, add column head bytea, add column counts json;
alter table pack_runs.runs no force row level security;
update pack_runs.runs set seen = former_seen, last_line = former_last_line, last_seq = former_last_seq, version = former_version, committed_at = former_committed_at, fed_version = former_fed_version, head = former_head, counts = former_counts;
alter table pack_runs.runs force row level security;
alter table pack_runs.runs drop column former_seen, drop column former_last_line, drop column former_last_seq, drop column former_version, drop column former_committed_at, drop column former_fed_version, drop column former_head, drop column former_counts,
  add column stuck text collate "C" generated always as (pack_runs.stuck_of(status, evidence_status, counts, owner)) stored;
create index runs_stuck on pack_runs.runs (tenant_id, stuck, run_id) where stuck is not null;

create trigger feed_created after insert on pack_runs.runs for each row when (new.fed_version is null)
execute function pack_runs.feed_created();
create trigger feed_changed after update of status, cancel_position, seen, evidence_status on pack_runs.runs for each row
when (not (new.fed_version is distinct from old.fed_version)) execute function pack_runs.feed_run();

-- The row of most sources is a little too wide for a page's fourth part, and its widest value then moves to a table of its own.
alter table pack_runs.run_sources set (toast_tuple_target = 2432);

grant update (version, due_set_at) on pack_runs.runs to taskrunner_web;

create or replace function pack_runs.pass_group_on(tenant text, wanted text) returns void language plpgsql as $$
declare
  eldest uuid;
begin
  select r.run_id into eldest from pack_runs.runs r
  where r.tenant_id = tenant and r.concurrency_group = wanted and r.in_line
    and pack_runs.is_active(r.status, r.fence) and pack_runs.fits_indexes(r.tenant_id, r.worker_labels, r.environment_digest)
  order by r.run_id limit 1 for update;
  if eldest is null then
    delete from pack_runs.groups g where g.tenant_id = tenant and g.name = wanted;
    return;
  end if;
  update pack_runs.groups g set holder = eldest where g.tenant_id = tenant and g.name = wanted;
  update pack_runs.runs r set in_line = false, due_at = clock_timestamp(), due_set_at = clock_timestamp(),
    version = pack_runs.next_version(r.version),
    status = case when r.status = 'waiting' then 'queued' else r.status end,
    waits = case when r.status = 'waiting' then '[]' else r.waits end
  where r.tenant_id = tenant and r.run_id = eldest;
end $$;
`,
);
