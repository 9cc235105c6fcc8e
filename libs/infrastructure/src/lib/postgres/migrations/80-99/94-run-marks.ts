import { sqlMigration } from '../sql-migration';

/**
 * Columns that triggers set whenever the row of a run changes, regardless of who changes it. `stuck`: why the run waits for a person.
 * `committed_at` and `due_set_at`: the database's time when its journal last grew, and when its due time was set; a value in the future
 * shows that the clock has been set back. Outbox rows and deliveries have the same column. Also the backlog: due runs are those that a
 * living worker can claim (all, if no worker lives); stranded runs are those that none can claim.
 */
export const runMarks = sqlMigration(
  'RunMarks1764000000940',
  `
alter table pack_runs.runs add column stuck text collate "C" check (stuck in ('attention', 'halted', 'blocked'));
alter table pack_runs.runs add column committed_at timestamptz;
alter table pack_runs.runs add column due_set_at timestamptz;
alter table pack_runs.runs alter column due_set_at set default clock_timestamp();
alter table pack_runs.outbox add column due_set_at timestamptz;
alter table pack_runs.outbox alter column due_set_at set default clock_timestamp();
alter table pack_artifacts.exports add column due_set_at timestamptz;
alter table pack_artifacts.exports alter column due_set_at set default clock_timestamp();

create function pack_runs.stuck_of(status text, evidence_status text, counts json) returns text language sql immutable as $$
  select case
    when status = 'halted' then 'halted'
    when evidence_status = 'blocked' then 'blocked'
    when status not in ('succeeded', 'failed', 'cancelled') and (counts->>'needs_attention')::int > 0 then 'attention'
  end
$$;

create function pack_runs.mark_run() returns trigger language plpgsql as $$
begin
  if new.last_seq <> old.last_seq then
    new.committed_at := clock_timestamp();
  end if;
  if new.due_at is distinct from old.due_at then
    new.due_set_at := clock_timestamp();
  end if;
  new.stuck := pack_runs.stuck_of(new.status, new.evidence_status, new.counts);
  return new;
end $$;

create trigger mark before update on pack_runs.runs for each row
when (new.last_seq <> old.last_seq or new.due_at is distinct from old.due_at or new.status <> old.status
  or new.evidence_status <> old.evidence_status)
execute function pack_runs.mark_run();

create function pack_runs.mark_due() returns trigger language plpgsql as $$
begin
  new.due_set_at := clock_timestamp();
  return new;
end $$;

create trigger mark before update on pack_runs.outbox for each row when (new.due_at <> old.due_at) execute function pack_runs.mark_due();
create trigger mark before update on pack_artifacts.exports for each row when (new.due_at <> old.due_at) execute function pack_runs.mark_due();

alter table pack_runs.runs no force row level security;
update pack_runs.runs set stuck = pack_runs.stuck_of(status, evidence_status, counts)
where pack_runs.stuck_of(status, evidence_status, counts) is not null;
alter table pack_runs.runs force row level security;

create index runs_stuck on pack_runs.runs (tenant_id, stuck, run_id) where stuck is not null;

create function pack_run_logs.partition_days(most integer) returns integer language sql stable as $$
  select coalesce(min(ahead) - 1, most)::integer
  from unnest(array['journal', 'chunks', 'places']) parent, generate_series(0, most) ahead
  where to_regclass('pack_run_logs.' || pack_run_logs.partition_name(parent, (now() at time zone 'UTC')::date + ahead)) is null
$$;

drop function pack_runs.backlog();
create function pack_runs.backlog()
returns table (due_runs bigint, oldest_due_ms bigint, owned_runs bigint, open_gates bigint, pending_evidence bigint,
  failing_evidence bigint, oldest_evidence_ms bigint, stranded_runs bigint, oldest_stranded_ms bigint, live_workers bigint,
  stuck_attention bigint, stuck_halted bigint, stuck_blocked bigint, partition_days integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with live as materialized (
    select w.environments, string_to_array(w.isolation, ' ') as isolations, w.labels collate "C" as labels
    from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp()
  ), kinds as (
    select r.environment_digest, r.isolation, r.worker_labels, count(*) as runs, min(r.due_at) as since
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
      count(*) filter (where stuck = 'blocked') as blocked
    from pack_runs.runs where stuck is not null
  )
  select due.runs, greatest(0, (extract(epoch from now() - due.since) * 1000)::bigint),
    (select count(*) from pack_runs.runs where owner is not null),
    (select count(*) from pack_runs.gates where state = 'open' and expires_at > now()),
    evidence.runs, evidence.failing, greatest(0, (extract(epoch from now()) * 1000)::bigint - evidence.since_ms),
    due.stranded, greatest(0, (extract(epoch from now() - due.stranded_since) * 1000)::bigint),
    (select count(*) from live), stuck.attention, stuck.halted, stuck.blocked, pack_run_logs.partition_days(14)
  from due, evidence, stuck
$$;

revoke execute on function pack_runs.backlog() from public;
grant execute on function pack_runs.backlog() to taskrunner_web, taskrunner_worker;
`,
);
