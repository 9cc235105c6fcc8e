-- Records a resolution atomically. The run's row is locked first, as for every inbox message. The step's row comes from the statement's
-- snapshot, so the run's `version` must still be that of the snapshot (every flush and message increments it). Otherwise nothing changes
-- and the caller retries. A last decision in the future is not believed, as in decide-gate. An unread message that ends the run (a cancellation, a rejection) would make the resolution ineffective, so the
-- resolution is refused.
with before as materialized (
  select r.version, exists (
    select from pack_runs.steps s where s.tenant_id = $1 and s.run_id = $2 and s.step = $3 and s.parent = $14
      and s.status = 'needs_attention' and pack_runs.readable(s.error)->>'execution' = $4::int::text) as needed
  from pack_runs.runs r where r.tenant_id = $1 and r.run_id = $2
), run as (
  select r.inbox_seq + 1 as position from pack_runs.runs r, before
  where r.tenant_id = $1 and r.run_id = $2 and before.needed and r.version = before.version
    and (r.last_decided_ms < $8::bigint or r.last_decided_ms > pack_runs.now_ms()
      and not exists (select from pack_runs.decisions d where d.tenant_id = $1 and d.run_id = $2 and d.decided_ms >= $8::bigint)
      and not exists (select from pack_runs.resolutions x where x.tenant_id = $1 and x.run_id = $2 and x.decided_ms >= $8::bigint))
    and r.cancel_position <= r.seen and r.refused_position <= r.seen
    and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
  for update of r
), resolution as (
  insert into pack_runs.resolutions (tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms, envelope, record_digest)
  select $1, $2, $3, $4, $5, $6, $7, $8::bigint, $9, $10 from run
  on conflict do nothing
  returning 1
), letter as (
  insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, envelope, response, posted_ms)
  select $1, $2, run.position, 'resolution:' || $4::text || ':' || $3, $11, $9, $12, pack_runs.now_ms() from run, resolution
), placed as (
  update pack_runs.runs r set
    inbox_seq = run.position,
    last_decided_ms = $8::bigint,
    due_at = case when r.owner is null then least(r.due_at, now()) else r.due_at end, due_set_at = clock_timestamp(),
    version = r.version + 1
  from run, resolution where r.tenant_id = $1 and r.run_id = $2
)
select run.position, pack_runs.append_audit($1, $13) as audit_seq from run, resolution
