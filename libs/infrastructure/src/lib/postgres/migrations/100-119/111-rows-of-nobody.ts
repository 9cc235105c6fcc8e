import { sqlMigration } from '../sql-migration';

/**
 * What statements over all tenants read of a row that somebody else has written. A version that nothing can follow begins again. A time of
 * before 1970 counts as none: the clock of no service writes it. The text of a member is null where its document holds what PostgreSQL
 * cannot store as text; the operators of json fail there.
 */
export const rowsOfNobody = sqlMigration(
  'RowsOfNobody1764000001110',
  `
-- Up to the last whole number that its readers can count.
create function pack_runs.next_version(version bigint) returns bigint language sql immutable as $$
  select case when version between 0 and 9007199254740990 then version + 1 else 0 end
$$;

create function pack_runs.member_text(document json, member text) returns text language plpgsql immutable as $$
begin
  return document->>member;
exception when untranslatable_character or invalid_text_representation then
  return null;
end $$;

create or replace function pack_runs.leave_group() returns trigger language plpgsql as $$
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
  update pack_runs.runs r set in_line = false, due_at = clock_timestamp(), version = pack_runs.next_version(r.version),
    status = case when r.status = 'waiting' then 'queued' else r.status end,
    waits = case when r.status = 'waiting' then '[]' else r.waits end
  where r.tenant_id = new.tenant_id and r.run_id = eldest;
  return null;
end $$;

create or replace function pack_runs.backlog()
returns table (due_runs bigint, oldest_due_ms bigint, owned_runs bigint, open_gates bigint, pending_evidence bigint,
  failing_evidence bigint, oldest_evidence_ms bigint, stranded_runs bigint, oldest_stranded_ms bigint, live_workers bigint,
  stuck_attention bigint, stuck_halted bigint, stuck_blocked bigint, stuck_restore bigint, partition_days integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with live as materialized (
    select w.environments, string_to_array(w.isolation, ' ') as isolations, w.labels collate "C" as labels
    from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp()
  ), kinds as (
    select r.environment_digest, r.isolation, r.worker_labels, count(*) as runs, min(r.due_at) filter (where r.due_at > 'epoch') as since
    from pack_runs.runs r where r.owner is null and r.due_at <= now() group by 1, 2, 3
  ), judged as (
    select k.runs, k.since, not exists (select from live) or exists (
      select from live l where k.environment_digest = any (l.environments) and k.isolation = any (l.isolations)
        and k.worker_labels <@ l.labels) as claimable
    from kinds k
  ), due as (
    select coalesce(sum(runs) filter (where claimable), 0)::bigint as runs, min(since) filter (where claimable) as since,
      coalesce(sum(runs) filter (where not claimable), 0)::bigint as stranded, min(since) filter (where not claimable) as stranded_since
    from judged
  ), evidence as (
    select count(*) as runs, count(reason) as failing,
      min(('x' || left(replace(outbox_id::text, '-', ''), 12))::bit(48)::bigint) as since_ms
    from pack_runs.outbox where kind = 'attest'
  ), stuck as (
    select count(*) filter (where stuck = 'attention') as attention, count(*) filter (where stuck = 'halted') as halted,
      count(*) filter (where stuck = 'blocked') as blocked, count(*) filter (where stuck = 'restore') as restore
    from pack_runs.runs where stuck is not null
  )
  select due.runs, greatest(0, (extract(epoch from now() - due.since) * 1000)::bigint),
    (select count(*) from pack_runs.runs where owner is not null and not pack_runs.is_nobody(owner)),
    (select count(*) from pack_runs.gates where state = 'open' and expires_at > now()),
    evidence.runs, evidence.failing, greatest(0, (extract(epoch from now()) * 1000)::bigint - evidence.since_ms),
    due.stranded, greatest(0, (extract(epoch from now() - due.stranded_since) * 1000)::bigint),
    (select count(*) from live), stuck.attention, stuck.halted, stuck.blocked, stuck.restore, pack_run_logs.partition_days(14)
  from due, evidence, stuck
$$;
`,
);
