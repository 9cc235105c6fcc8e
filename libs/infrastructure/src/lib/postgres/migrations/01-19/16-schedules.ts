import { sqlMigration } from '../sql-migration';

/**
 * Schedules and their ticks. `next_ms` is the tick for which a schedule waits. The transaction that handles a tick (`take_tick`) also
 * advances `next_ms`, and only if it still has that value; the primary key of `schedule_ticks` enforces the same. `leased_until` keeps
 * replicas from planning the same tick and records which schedule waited longest, so that a schedule with a year of missed ticks does not
 * delay others. Nothing else depends on it. One function returns the due schedules of all tenants, only by name. The owner has a policy for
 * it, because row-level security is forced on the owner too.
 */
export const schedules = sqlMigration(
  'Schedules1764000000160',
  `
create table pack_runs.schedules (
  tenant_id text collate "C" not null,
  schedule_id uuid not null,
  name text collate "C" not null,
  revision integer not null,
  cron text not null,
  time_zone text not null,
  overlap text not null check (overlap in ('allow', 'forbid', 'replace')),
  catch_up text not null check (catch_up in ('none', 'latest', 'all')),
  catch_up_window_ms bigint not null check (catch_up_window_ms >= 0),
  until_ms bigint,
  pack json not null,
  plan_hash text not null,
  profile_digest text not null,
  source json not null,
  inputs json not null,
  labels json not null,
  creator json not null,
  editor json not null,
  author json not null,
  paused boolean not null,
  stopped json,
  next_ms bigint,
  leased_until timestamptz,
  created_ms bigint not null,
  updated_ms bigint not null,
  primary key (tenant_id, schedule_id),
  unique (tenant_id, name)
) with (fillfactor = 70);

create index schedules_due on pack_runs.schedules (next_ms) where next_ms is not null and stopped is null and not paused;

create table pack_runs.schedule_ticks (
  tenant_id text collate "C" not null,
  schedule_id uuid not null,
  tick_ms bigint not null,
  last_ms bigint not null,
  count integer not null check (count > 0),
  outcome text collate "C" not null check (outcome in ('ran', 'skipped', 'stopped')),
  reason text,
  run_id uuid,
  decided_ms bigint not null,
  check ((run_id is not null) = (outcome = 'ran')),
  primary key (tenant_id, schedule_id, tick_ms)
);

create index schedule_ticks_by_run on pack_runs.schedule_ticks (tenant_id, schedule_id, run_id) where run_id is not null;

create function pack_runs.take_tick(tenant text, schedule uuid, seen integer, tick bigint, next bigint, last bigint, ticks integer,
  outcome text, reason text, run uuid, kept integer, notice json) returns void language plpgsql as $$
begin
  update pack_runs.schedules s set
    next_ms = next,
    leased_until = clock_timestamp(),
    stopped = notice
  where s.tenant_id = tenant and s.schedule_id = schedule and s.revision = seen and s.next_ms = tick
    and s.stopped is null and not s.paused;
  if not found then
    raise exception 'the schedule does not wait for this tick' using errcode = 'TR001';
  end if;
  insert into pack_runs.schedule_ticks (tenant_id, schedule_id, tick_ms, last_ms, count, outcome, reason, run_id, decided_ms)
  values (tenant, schedule, tick, last, ticks, outcome, reason, run, pack_runs.now_ms());
  delete from pack_runs.schedule_ticks t
  where t.tenant_id = tenant and t.schedule_id = schedule
    and t.tick_ms < (
      select o.tick_ms from pack_runs.schedule_ticks o where o.tenant_id = tenant and o.schedule_id = schedule
      order by o.tick_ms desc offset kept - 1 limit 1)
    and not exists (
      select from pack_runs.runs r where r.tenant_id = tenant and r.run_id = t.run_id
        and r.status not in ('succeeded', 'failed', 'cancelled', 'halted'));
end $$;

create function pack_runs.take_due_schedules(most integer, lease_ms bigint) returns table (tenant_id text, schedule_id uuid)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update pack_runs.schedules s set leased_until = clock_timestamp() + lease_ms * interval '1 millisecond'
  from (
    select d.tenant_id, d.schedule_id from pack_runs.schedules d
    where d.next_ms <= pack_runs.now_ms() and d.stopped is null and not d.paused
      and (d.leased_until is null or d.leased_until <= clock_timestamp())
    order by d.leased_until nulls first, d.next_ms limit most for update skip locked
  ) due
  where s.tenant_id = due.tenant_id and s.schedule_id = due.schedule_id
  returning s.tenant_id, s.schedule_id
$$;

do $$
declare
  t text;
begin
  foreach t in array array['schedules', 'schedule_ticks'] loop
    execute format('alter table pack_runs.%I enable row level security, force row level security', t);
    execute format('create policy web on pack_runs.%I to taskrunner_web using (tenant_id = current_setting(''taskrunner.tenant'', true))', t);
    execute format('create policy trusted on pack_runs.%I to taskrunner_maintain using (true)', t);
    execute format('grant select, insert, update, delete on pack_runs.%I to taskrunner_web', t);
  end loop;
end $$;
create policy due on pack_runs.schedules to taskrunner_owner using (true);
-- The sweep of objects asks which files are named.
create policy sweep on pack_runs.schedules for select to taskrunner_worker using (true);
grant select (tenant_id, source, inputs) on pack_runs.schedules to taskrunner_worker;

grant insert on pack_runs.outbox to taskrunner_web;
revoke execute on function pack_runs.take_due_schedules(integer, bigint) from public;
grant execute on function pack_runs.take_due_schedules(integer, bigint) to taskrunner_web;
`,
);
