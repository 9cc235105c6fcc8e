-- Makes unhonoured runs due again that this worker may honour: their environment is listed on the worker's row, and this session has not
-- passed them on. 500 at a time.
with found as (
  select r.tenant_id, r.run_id from pack_runs.workers w
  join pack_runs.runs r on r.environment_digest = any (w.environments)
  where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp() and r.unhonoured is not null and r.owner is null
    and pack_runs.fits_indexes(r.tenant_id, r.worker_labels, r.environment_digest)
    and coalesce(w.worker_id <> all (r.passed_by), true) and r.worker_labels <@ w.labels collate "C"
  limit 500 for update of r skip locked
)
update pack_runs.runs r set unplaced = false, unhonoured = null, waits = '[]', version = pack_runs.next_version(r.version),
  status = case when r.last_seq = 0 and r.status = 'waiting' then 'queued' else r.status end
from found f where r.tenant_id = f.tenant_id and r.run_id = f.run_id
returning 1
