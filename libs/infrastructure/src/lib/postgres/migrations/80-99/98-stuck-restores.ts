import { sqlMigration } from '../sql-migration';

/**
 * Runs that a restore has stopped also count as stuck: they do not continue until an operator releases them. Their owner is the nil
 * session, so no worker drives them, and they are not part of the workers' load.
 */
export const stuckRestores = sqlMigration(
  'StuckRestores1764000000980',
  `
alter table pack_runs.runs drop constraint runs_stuck_check;
alter table pack_runs.runs add constraint runs_stuck_check check (stuck in ('attention', 'halted', 'blocked', 'restore')) not valid;

create function pack_runs.is_nobody(owner uuid) returns boolean language sql immutable as $$
  select owner is not null and owner = 'ffffffff-ffff-4fff-bfff-ffffffffffff'
$$;

create function pack_runs.stuck_of(status text, evidence_status text, counts json, owner uuid) returns text language sql immutable as $$
  select case
    when status = 'halted' then 'halted'
    when evidence_status = 'blocked' then 'blocked'
    when status in ('succeeded', 'failed', 'cancelled') then null
    when pack_runs.is_nobody(owner) then 'restore'
    when (counts->>'needs_attention')::int > 0 then 'attention'
  end
$$;

create or replace function pack_runs.mark_run() returns trigger language plpgsql as $$
begin
  if new.last_seq <> old.last_seq then
    new.committed_at := clock_timestamp();
  end if;
  if new.due_at is distinct from old.due_at then
    new.due_set_at := clock_timestamp();
  end if;
  new.stuck := pack_runs.stuck_of(new.status, new.evidence_status, new.counts, new.owner);
  return new;
end $$;

drop trigger mark on pack_runs.runs;
create trigger mark before update on pack_runs.runs for each row
when (new.last_seq <> old.last_seq or new.due_at is distinct from old.due_at or new.status <> old.status
  or new.evidence_status <> old.evidence_status or pack_runs.is_nobody(new.owner) <> pack_runs.is_nobody(old.owner))
execute function pack_runs.mark_run();
drop function pack_runs.stuck_of(text, text, json);

alter table pack_runs.runs no force row level security;
update pack_runs.runs set stuck = pack_runs.stuck_of(status, evidence_status, counts, owner) where pack_runs.is_nobody(owner);
alter table pack_runs.runs force row level security;
alter table pack_runs.runs validate constraint runs_stuck_check;

drop function pack_runs.backlog();
create function pack_runs.backlog()
returns table (due_runs bigint, oldest_due_ms bigint, owned_runs bigint, open_gates bigint, pending_evidence bigint,
  failing_evidence bigint, oldest_evidence_ms bigint, stranded_runs bigint, oldest_stranded_ms bigint, live_workers bigint,
  stuck_attention bigint, stuck_halted bigint, stuck_blocked bigint, stuck_restore bigint, partition_days integer)
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

revoke execute on function pack_runs.backlog() from public;
grant execute on function pack_runs.backlog() to taskrunner_web, taskrunner_worker;
`,
);
