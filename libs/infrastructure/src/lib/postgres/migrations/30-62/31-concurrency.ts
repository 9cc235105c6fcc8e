import { sqlMigration } from '../sql-migration';

/**
 * Concurrency groups, whose runs execute one at a time. A row of `groups` is the lock and names the run that holds the group; without a
 * holder there is no row. A waiting run has `in_line` and no due time, so claims do not see it. When the holder ends, or is halted and thus
 * cannot continue, the same transaction passes the group to the run that has waited longest. The function first locks the group and then
 * reads with a new snapshot. A run that was submitted meanwhile is therefore seen, or it finds the group free.
 */
export const concurrency = sqlMigration(
  'Concurrency1764000000310',
  `
create table pack_runs.groups (
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  holder uuid not null,
  primary key (tenant_id, name)
);

alter table pack_runs.runs add column concurrency_group text collate "C";
alter table pack_runs.runs add column in_line boolean not null default false;
create index runs_in_line on pack_runs.runs (tenant_id, concurrency_group, run_id) where in_line;

create function pack_runs.enter_group(tenant text, wanted text, run uuid, refuses boolean) returns boolean language plpgsql as $$
declare
  held_by uuid;
begin
  insert into pack_runs.groups (tenant_id, name, holder) values (tenant, wanted, run)
  on conflict (tenant_id, name) do update set holder = groups.holder
  returning holder into held_by;
  if held_by <> run and refuses
    and not exists (select from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run) then
    raise exception 'the group is held' using errcode = 'TR002', detail = held_by::text;
  end if;
  return held_by <> run;
end $$;

create function pack_runs.leave_group() returns trigger language plpgsql as $$
declare
  eldest uuid;
begin
  perform from pack_runs.groups g
  where g.tenant_id = new.tenant_id and g.name = new.concurrency_group and g.holder = new.run_id for update;
  if not found then
    return null;
  end if;
  select r.run_id into eldest from pack_runs.runs r
  where r.tenant_id = new.tenant_id and r.concurrency_group = new.concurrency_group and r.in_line
  order by r.run_id limit 1 for update;
  if eldest is null then
    delete from pack_runs.groups g where g.tenant_id = new.tenant_id and g.name = new.concurrency_group;
    return null;
  end if;
  update pack_runs.groups g set holder = eldest where g.tenant_id = new.tenant_id and g.name = new.concurrency_group;
  update pack_runs.runs r set in_line = false, due_at = clock_timestamp(), version = r.version + 1,
    status = case when r.status = 'waiting' then 'queued' else r.status end,
    waits = case when r.status = 'waiting' then '[]' else r.waits end
  where r.tenant_id = new.tenant_id and r.run_id = eldest;
  return null;
end $$;

create trigger leave_group after update of status on pack_runs.runs for each row
  when (new.concurrency_group is not null and not old.in_line and new.status in ('succeeded', 'failed', 'cancelled', 'halted')
    and old.status not in ('succeeded', 'failed', 'cancelled', 'halted'))
  execute function pack_runs.leave_group();

alter table pack_runs.groups enable row level security, force row level security;
create policy web on pack_runs.groups to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.groups to taskrunner_worker, taskrunner_maintain using (true);
grant select, insert on pack_runs.groups to taskrunner_web;
-- Only to lock it: a holder is changed by the end of a run.
grant update (holder) on pack_runs.groups to taskrunner_web;
grant select, update, delete on pack_runs.groups to taskrunner_worker;
`,
);
