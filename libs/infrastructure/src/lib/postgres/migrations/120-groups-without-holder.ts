import { sqlMigration } from './sql-migration';

/**
 * A group whose row names no run that holds it, or that has no row although runs wait for it, gets its holder again: the run of the group that
 * is active, or the one that has waited longest, or nobody. Otherwise a row that somebody has altered would keep the runs of a group waiting
 * for ever. One group that cannot be passed on does not stop the others.
 */
export const groupsWithoutHolder = sqlMigration(
  'GroupsWithoutHolder1764000001200',
  `
-- True of a run that can be driven.
create function pack_runs.is_active(status text, fence bigint) returns boolean language sql immutable as $$
  select status not in ('succeeded', 'failed', 'cancelled', 'halted') and fence between 0 and 9007199254740990
$$;

-- Passes a group on. The caller has locked its row, and reads with a new snapshot: a run that was submitted meanwhile is seen, or finds the
-- group free.
create function pack_runs.pass_group_on(tenant text, wanted text) returns void language plpgsql as $$
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
  update pack_runs.runs r set in_line = false, due_at = clock_timestamp(), version = pack_runs.next_version(r.version),
    status = case when r.status = 'waiting' then 'queued' else r.status end,
    waits = case when r.status = 'waiting' then '[]' else r.waits end
  where r.tenant_id = tenant and r.run_id = eldest;
end $$;

create or replace function pack_runs.leave_group() returns trigger language plpgsql as $$
begin
  if old.in_line or new.status not in ('succeeded', 'failed', 'cancelled', 'halted')
    or old.status in ('succeeded', 'failed', 'cancelled', 'halted') then
    return null;
  end if;
  perform from pack_runs.groups g
  where g.tenant_id = new.tenant_id and g.name = new.concurrency_group and g.holder = new.run_id for update;
  if found then
    perform pack_runs.pass_group_on(new.tenant_id, new.concurrency_group);
  end if;
  return null;
end $$;

create function pack_runs.holds_group(tenant text, wanted text, run uuid) returns boolean language sql stable as $$
  select exists (
    select from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run and r.concurrency_group = wanted and not r.in_line
      and pack_runs.is_active(r.status, r.fence))
$$;

-- Gives groups their holder again that their row does not name, and returns their number. Each is compared again when its row is locked: the
-- group may have been passed on since the first look.
create function pack_runs.pass_on_groups(most integer) returns integer language plpgsql as $$
declare
  candidate record;
  active uuid;
  passed integer := 0;
begin
  for candidate in
    (select g.tenant_id, g.name from pack_runs.groups g where not pack_runs.holds_group(g.tenant_id, g.name, g.holder) limit most)
    union all
    (select distinct r.tenant_id, r.concurrency_group from pack_runs.runs r
     where r.in_line and r.concurrency_group is not null and pack_runs.is_active(r.status, r.fence)
       and not exists (select from pack_runs.groups g where g.tenant_id = r.tenant_id and g.name = r.concurrency_group) limit most) loop
    begin
      insert into pack_runs.groups (tenant_id, name, holder)
      values (candidate.tenant_id, candidate.name, '00000000-0000-0000-0000-000000000000') on conflict do nothing;
      perform from pack_runs.groups g where g.tenant_id = candidate.tenant_id and g.name = candidate.name for update skip locked;
      if found and exists (
        select from pack_runs.groups g where g.tenant_id = candidate.tenant_id and g.name = candidate.name
          and not pack_runs.holds_group(g.tenant_id, g.name, g.holder)) then
        select r.run_id into active from pack_runs.runs r
        where r.tenant_id = candidate.tenant_id and r.concurrency_group = candidate.name and not r.in_line
          and pack_runs.is_active(r.status, r.fence) order by r.run_id limit 1;
        if active is null then
          perform pack_runs.pass_group_on(candidate.tenant_id, candidate.name);
        else
          update pack_runs.groups g set holder = active where g.tenant_id = candidate.tenant_id and g.name = candidate.name;
        end if;
        passed := passed + 1;
      end if;
    exception when program_limit_exceeded then
      null;
    end;
  end loop;
  return passed;
end $$;
grant insert on pack_runs.groups to taskrunner_worker;
`,
);
