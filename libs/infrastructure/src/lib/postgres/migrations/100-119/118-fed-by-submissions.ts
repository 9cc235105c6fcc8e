import { sqlMigration } from '../sql-migration';

/**
 * Less work of triggers when a run is created or changes. A submission writes the event of a run itself, as flushes do (104), and says so by
 * `fed_version`. The trigger is for webservices of the release before. PostgreSQL prepares the condition of a trigger anew for each statement,
 * so the trigger of concurrency groups has a short one, and its function does the rest. A group goes on to a run that has not ended.
 */
export const fedBySubmissions = sqlMigration(
  'FedBySubmissions1764000001180',
  `
drop policy web on pack_runs.events;
create policy web on pack_runs.events for select to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy creator on pack_runs.events for insert to taskrunner_web
  with check (tenant_id = current_setting('taskrunner.tenant', true) and type = 'run.created');
grant insert (tenant_id, type, run, status) on pack_runs.events to taskrunner_web;

drop trigger feed_created on pack_runs.runs;
create or replace function pack_runs.feed_created() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into pack_runs.events (tenant_id, type, run, status)
  values (new.tenant_id, 'run.created', new.run_id, pack_runs.shown_status(new.status, new.cancel_position, new.seen));
  return null;
end $$;
create trigger feed_created after insert on pack_runs.runs for each row when (new.fed_version is null)
execute function pack_runs.feed_created();

drop trigger leave_group on pack_runs.runs;
create or replace function pack_runs.leave_group() returns trigger language plpgsql as $$
declare
  eldest uuid;
begin
  if old.in_line or new.status not in ('succeeded', 'failed', 'cancelled', 'halted')
    or old.status in ('succeeded', 'failed', 'cancelled', 'halted') then
    return null;
  end if;
  perform from pack_runs.groups g
  where g.tenant_id = new.tenant_id and g.name = new.concurrency_group and g.holder = new.run_id for update;
  if not found then
    return null;
  end if;
  select r.run_id into eldest from pack_runs.runs r
  where r.tenant_id = new.tenant_id and r.concurrency_group = new.concurrency_group and r.in_line
    and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
  order by r.run_id limit 1 for update;
  if eldest is null then
    delete from pack_runs.groups g where g.tenant_id = new.tenant_id and g.name = new.concurrency_group;
    return null;
  end if;
  update pack_runs.groups g set holder = eldest where g.tenant_id = new.tenant_id and g.name = new.concurrency_group;
  update pack_runs.runs r set in_line = false, due_at = clock_timestamp(), version = pack_runs.next_version(r.version),
    status = case when r.status = 'waiting' then 'queued' else r.status end,
    waits = case when r.status = 'waiting' then '[]' else r.waits end
  where r.tenant_id = new.tenant_id and r.run_id = eldest;
  return null;
end $$;
create trigger leave_group after update of status on pack_runs.runs for each row when (new.concurrency_group is not null)
execute function pack_runs.leave_group();
`,
);
