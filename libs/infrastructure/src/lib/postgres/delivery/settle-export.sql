-- Records the result of a delivery and increments the run's version. A delivery that has ended does not change.
with settled as (
  update pack_artifacts.exports set status = $4, reason = $5, due_at = now() + $6 * interval '1 millisecond',
    ended_ms = case when $4 <> 'pending' then pack_runs.now_ms() end
  where tenant_id = $1 and run_id = $2 and destination = $3 and status = 'pending'
  returning 1
)
update pack_runs.runs r set version = pack_runs.next_version(r.version) from settled where r.tenant_id = $1 and r.run_id = $2
