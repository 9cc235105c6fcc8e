import { sqlMigration } from '../sql-migration';

/**
 * One row that somebody has altered makes no statement about other rows fail. Where a value is impossible, these functions return null,
 * false or a value that stands for it.
 *
 * - A document that is nested deeper than the server's stack counts as unreadable, like one with a text that no operator reads.
 * - The numbers of steps of a run are read without a cast.
 * - Times without milliseconds have no distance.
 * - A checkpoint from the future does not count as recent.
 * - A due tick of before 1970 is stored as -1. Whoever takes it stops the schedule, and its history shows the time of the stop.
 */
export const rowsBesideOthers = sqlMigration(
  'RowsBesideOthers1764000001120',
  String.raw`
-- Whether the server can parse the document. The operator parses all of it.
create function pack_runs.is_parsed(document json) returns boolean language plpgsql immutable as $$
begin
  perform document -> '';
  return true;
exception when statement_too_complex or untranslatable_character or invalid_text_representation then
  return false;
end $$;

-- A short document is not nested too deeply. Only long ones are parsed for it.
create or replace function pack_runs.readable(document json) returns json language sql immutable as $$
  select case when document::text !~* '(^|[^\\])(\\\\)*\\u(0000|d[89a-f])' then
    case when length(document::text) < 4096 then document when pack_runs.is_parsed(document) then document end
  end
$$;

create or replace function pack_runs.member_text(document json, member text) returns text language plpgsql immutable as $$
begin
  return document->>member;
exception when statement_too_complex or untranslatable_character or invalid_text_representation then
  return null;
end $$;

-- The list of files of a pack. Of a pack that no operator reads, all of it: every digest in its text may be one of a file.
create function pack_runs.files_of(source json) returns json language sql immutable as $$
  select case when pack_runs.readable(source) is null then source else coalesce(source -> 'files', '[]') end
$$;

-- The numbers of steps are flat. A pattern reads one faster than a parser, and cannot fail.
create function pack_runs.counts_attention(counts json) returns boolean language sql immutable as $$
  select counts::text ~ '"needs_attention"\s*:\s*[1-9]'
$$;

create or replace function pack_runs.stuck_of(status text, evidence_status text, counts json, owner uuid) returns text
language sql immutable as $$
  select case
    when status = 'halted' then 'halted'
    when evidence_status = 'blocked' then 'blocked'
    when status in ('succeeded', 'failed', 'cancelled') then null
    when pack_runs.is_nobody(owner) then 'restore'
    when pack_runs.counts_attention(counts) then 'attention'
  end
$$;

-- How long after one time another one is; nothing if it is not after it, or if one of them has no milliseconds.
create function pack_runs.distance(earlier timestamptz, later timestamptz) returns interval language sql immutable as $$
  select case when isfinite(earlier) and isfinite(later) then greatest(interval '0', later - earlier) else interval '0' end
$$;

create or replace function pack_runs.due_checkpoints(every_ms bigint, most integer) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select h.tenant_id from pack_runs.audit_heads h
  left join lateral (
    select c.seq, case when c.at_ms between 0 and pack_runs.now_ms() + every_ms then c.at_ms end as at_ms
    from pack_runs.audit_checkpoints c where c.tenant_id = h.tenant_id order by c.seq desc limit 1
  ) last on true
  where last.seq is null or (last.seq <> h.seq and coalesce(last.at_ms, 0) <= pack_runs.now_ms() - every_ms)
  order by last.at_ms nulls first limit most
$$;

create or replace function pack_runs.named_files(tenant text, digests text[]) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select d.digest from pack_runs.run_sources r, unnest(pack_runs.digests_in(r.files, r.inputs)) d (digest)
  where r.tenant_id = tenant and pack_runs.names_digests(r.files, r.inputs)
    and pack_runs.digests_in(r.files, r.inputs) && digests and d.digest = any (digests)
  union all
  select d.digest from pack_runs.schedules s, unnest(pack_runs.digests_in(pack_runs.files_of(s.source), s.inputs)) d (digest)
  where s.tenant_id = tenant and d.digest = any (digests)
$$;

create or replace function pack_runs.take_due_schedules(most integer, lease_ms bigint) returns table (tenant_id text, schedule_id uuid)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update pack_runs.schedules s set leased_until = clock_timestamp() + lease_ms * interval '1 millisecond',
    next_ms = greatest(-1, s.next_ms)
  from (
    select d.tenant_id, d.schedule_id from pack_runs.schedules d
    where d.next_ms <= pack_runs.now_ms() and d.stopped is null and not d.paused
      and (d.leased_until is null or d.leased_until <= clock_timestamp())
    order by d.leased_until nulls first, d.next_ms limit most for update skip locked
  ) due
  where s.tenant_id = due.tenant_id and s.schedule_id = due.schedule_id
  returning s.tenant_id, s.schedule_id
$$;

create or replace function pack_runs.take_tick(tenant text, schedule uuid, seen integer, tick bigint, next bigint, last bigint,
  ticks integer, outcome text, reason text, run uuid, kept integer, notice json) returns void language plpgsql as $$
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
  values (tenant, schedule, case when tick < 0 then pack_runs.now_ms() else tick end,
    case when tick < 0 then pack_runs.now_ms() else last end, ticks, outcome, reason, run, pack_runs.now_ms());
  delete from pack_runs.schedule_ticks t
  where t.tenant_id = tenant and t.schedule_id = schedule
    and t.tick_ms < (
      select o.tick_ms from pack_runs.schedule_ticks o where o.tenant_id = tenant and o.schedule_id = schedule
      order by o.tick_ms desc offset kept - 1 limit 1)
    and not exists (
      select from pack_runs.runs r where r.tenant_id = tenant and r.run_id = t.run_id
        and r.status not in ('succeeded', 'failed', 'cancelled', 'halted'));
end $$;
`,
);
