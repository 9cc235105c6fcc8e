-- State of a run that this worker session still owns, so that it can continue under the same fence.
select r.last_seq, r.last_line, r.head, r.snapshot_seq, r.seen,
  case when isfinite(r.committed_at) then floor(extract(epoch from r.committed_at) * 1000)::bigint end as committed_ms, (
    select j.mac from pack_run_logs.journal j
    where r.last_seq > 0 and j.tenant_id = $1 and j.run_id = $2 order by j.first_seq desc limit 1
  ) as mac
from pack_runs.runs r
join pack_runs.workers w on w.worker_id = r.owner and w.state = 'live'
where r.tenant_id = $1 and r.run_id = $2 and r.fence = $3 and r.owner = $4
