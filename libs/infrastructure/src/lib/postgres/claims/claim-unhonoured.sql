-- Runs that no living worker can honour, to be ended: those that somebody has asked to cancel at once, the others when they have been due for
-- as long as they may wait, $3 milliseconds where they are kept apart by one of the sandbox profiles $4, else $5. Whoever claims them ends
-- them; nothing of them is started.
with me as (
  select from pack_runs.workers w where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp()
), picked as (
  select r.tenant_id, r.run_id, r.unhonoured from pack_runs.runs r, me
  where r.unhonoured is not null and r.owner is null and (
    r.cancel_position > r.seen
    or r.due_at <= now() - case when r.isolation = any ($4::text[]) then $3::int8 else $5::int8 end * interval '1 millisecond'
  )
  order by r.due_at limit $2 for update of r skip locked
), claimed as (
  update pack_runs.runs r set owner = $1, fence = r.fence + 1, claim_seq = $6, unplaced = false, unhonoured = null
  from picked p where r.tenant_id = p.tenant_id and r.run_id = p.run_id
  returning r.tenant_id, r.run_id, r.fence, r.crashes, r.last_seq, r.last_line, r.head, r.snapshot_seq, r.seen, p.unhonoured,
    greatest(0, extract(epoch from clock_timestamp() - r.due_at) * 1000)::float8 as waited_ms
)
select c.*, last_page.mac, s.plan_hash, s.profile_digest, s.pack_name, s.pack_version, s.content_digest, s.source_digest, s.manifest, s.files,
  s.inputs, s.admission, s.admission_digest, s.trace_context, plans.plan, profiles.profile, profiles.environment
from claimed c
join pack_runs.run_sources s on s.tenant_id = c.tenant_id and s.run_id = c.run_id
join pack_runs.plans on plans.tenant_id = s.tenant_id and plans.plan_hash = s.plan_hash
join pack_runs.profiles on profiles.tenant_id = s.tenant_id and profiles.profile_digest = s.profile_digest
left join lateral (
  select j.mac from pack_run_logs.journal j
  where c.last_seq > 0 and j.tenant_id = c.tenant_id and j.run_id = c.run_id order by j.first_seq desc limit 1
) last_page on true
order by c.run_id
