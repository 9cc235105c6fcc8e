-- Claims runs that no living worker serves, in order to end them; nothing of them is started. There are two kinds. Runs that no living
-- worker can honour: at once if a cancellation was requested, otherwise after they have been due for $3 milliseconds under one of the
-- sandbox profiles $4, or $5 milliseconds under another one. Runs that request labels of no living worker: after they have been due for $5
-- milliseconds. Large values are as in `claim-runs`.
with me as (
  select from pack_runs.workers w where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp()
), unhonoured as materialized (
  select r.tenant_id, r.run_id, r.unhonoured from pack_runs.runs r, me
  where r.unhonoured is not null and r.owner is null and r.fence between 0 and 9007199254740990 and (
    r.cancel_position > r.seen
    or r.due_at <= now() - case when r.isolation = any ($4::text[]) then $3::int8 else $5::int8 end * interval '1 millisecond'
  )
  order by r.due_at limit $2 for update of r skip locked
), unplaced as materialized (
  select r.tenant_id, r.run_id, r.unhonoured from pack_runs.runs r, me
  where r.unplaced and r.owner is null and r.fence between 0 and 9007199254740990 and r.unhonoured is null and r.due_at <= now() - $5::int8 * interval '1 millisecond'
    and not exists (
      select from pack_runs.workers w
      where w.state = 'live' and w.lease_until > clock_timestamp() and r.worker_labels <@ w.labels collate "C"
    )
  order by r.due_at limit $2 for update of r skip locked
), picked as (
  select * from (select * from unhonoured union all select * from unplaced) both_kinds limit $2
), claimed as (
  update pack_runs.runs r set owner = $1, fence = r.fence + 1, claim_seq = $6, unplaced = false, unhonoured = null
  from picked p where r.tenant_id = p.tenant_id and r.run_id = p.run_id
  returning r.tenant_id, r.run_id, r.fence, r.crashes, r.last_seq, r.last_line, pack_runs.bounded(r.head, 1024) as head, r.snapshot_seq, r.seen, pack_runs.bounded(p.unhonoured, 65536) as unhonoured,
    case when isfinite(r.due_at) then greatest(0, extract(epoch from clock_timestamp() - r.due_at) * 1000)::float8 else 0 end as waited_ms
)
select c.*, last_page.mac, pack_runs.bounded(s.plan_hash, 65536) as plan_hash, pack_runs.bounded(s.profile_digest, 65536) as profile_digest, pack_runs.bounded(s.pack_name, 65536) as pack_name, pack_runs.bounded(s.pack_version, 65536) as pack_version,
  pack_runs.bounded(s.content_digest, 65536) as content_digest, pack_runs.bounded(s.source_digest, 65536) as source_digest, pack_runs.bounded(s.admission_digest, 65536) as admission_digest, pack_runs.bounded(s.trace_context, 65536) as trace_context,
  pack_runs.bounded(s.manifest, 67108864) as manifest, pack_runs.bounded(s.files, 67108864) as files, pack_runs.bounded(s.admission, 67108864) as admission, pack_runs.bounded(plans.plan, 67108864) as plan,
  pack_runs.bounded(profiles.profile, 67108864) as profile, pack_runs.bounded(profiles.environment, 67108864) as environment, pack_runs.bounded(s.inputs, 134217728) as inputs
from claimed c
join pack_runs.run_sources s on s.tenant_id = c.tenant_id and s.run_id = c.run_id
join pack_runs.plans on plans.tenant_id = s.tenant_id and plans.plan_hash = s.plan_hash
join pack_runs.profiles on profiles.tenant_id = s.tenant_id and profiles.profile_digest = s.profile_digest
left join lateral (
  select pack_runs.bounded(j.mac, 1024) as mac from pack_run_logs.journal j
  where c.last_seq > 0 and j.tenant_id = c.tenant_id and j.run_id = c.run_id order by j.first_seq desc limit 1
) last_page on true
order by c.run_id
