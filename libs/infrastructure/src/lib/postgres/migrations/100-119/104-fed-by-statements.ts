import { sqlMigration } from '../sql-migration';

/**
 * The feed at less cost (ADR 76). The flush and the seal write the events of runs themselves, and tell the trigger so by `fed_version`: the
 * version that they gave the run, negative if there was no event to write. The trigger is for every other statement, and for workers of the
 * release before, which do not change `fed_version`. Its condition is short, because it is prepared again for each statement. Submissions have
 * one call for each statement instead of one for each run. An event has one index until it has a position.
 */
export const fedByStatements = sqlMigration(
  'FedByStatements1764000001040',
  `
alter table pack_runs.runs add column fed_version bigint;

alter table pack_runs.events drop constraint events_pkey;
create policy writer on pack_runs.events for insert to taskrunner_worker
  with check (type in ('run.changed', 'run.ended', 'evidence.sealed'));
-- Neither an event's time nor its position is for writers to say.
grant insert (tenant_id, type, run, status, detail) on pack_runs.events to taskrunner_worker;

drop trigger feed_created on pack_runs.runs;
drop trigger feed_changed on pack_runs.runs;
drop trigger feed_sealed on pack_runs.runs;
drop function pack_runs.feed_seal();

create function pack_runs.run_event(shown text) returns text language sql immutable as $$
  select case when shown in ('succeeded', 'failed', 'cancelled', 'halted') then 'run.ended' else 'run.changed' end
$$;

create function pack_runs.feed_created() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into pack_runs.events (tenant_id, type, run, status)
  select c.tenant_id, 'run.created', c.run_id, pack_runs.shown_status(c.status, c.cancel_position, c.seen) from created c;
  return null;
end $$;

create or replace function pack_runs.feed_run() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  shown text := pack_runs.shown_status(new.status, new.cancel_position, new.seen);
begin
  if shown <> pack_runs.shown_status(old.status, old.cancel_position, old.seen) then
    insert into pack_runs.events (tenant_id, type, run, status) values (new.tenant_id, pack_runs.run_event(shown), new.run_id, shown);
  end if;
  if new.evidence_status = 'sealed' and old.evidence_status <> 'sealed' then
    insert into pack_runs.events (tenant_id, type, run, detail)
    values (new.tenant_id, 'evidence.sealed', new.run_id, 'sha256:' || encode(new.evidence_digest, 'hex'));
  end if;
  return null;
end $$;

create trigger feed_created after insert on pack_runs.runs referencing new table as created
  for each statement execute function pack_runs.feed_created();
create trigger feed_changed after update of status, cancel_position, seen, evidence_status on pack_runs.runs for each row
  when (new.fed_version is not distinct from old.fed_version)
  execute function pack_runs.feed_run();

revoke execute on function pack_runs.feed_created() from public;

create or replace function pack_runs.place_events(tenant text, most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  head bigint;
  placed integer;
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return 0;
  end if;
  if not exists (select from pack_runs.events e where e.tenant_id = tenant and e.position is null) then
    return 0;
  end if;
  insert into pack_runs.event_heads (tenant_id) values (tenant) on conflict do nothing;
  select h.position into head from pack_runs.event_heads h where h.tenant_id = tenant for update;
  with next as (
    select e.event_id, row_number() over (order by e.event_id) as n from pack_runs.events e
    where e.tenant_id = tenant and e.position is null order by e.event_id limit most
  )
  update pack_runs.events e set position = head + next.n from next
  where e.tenant_id = tenant and e.position is null and e.event_id = next.event_id;
  get diagnostics placed = row_count;
  update pack_runs.event_heads h set position = head + placed where h.tenant_id = tenant;
  return placed;
end $$;
`,
);
