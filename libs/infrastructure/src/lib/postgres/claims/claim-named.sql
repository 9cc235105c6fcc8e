-- Chooses one run ($3), of which this worker was told, under the same conditions as `claim-runs`, whose text follows (postgres-claims.ts). The
-- run is found by its key: NULL is not compared with IS NULL, which would select the index of due runs.
with me as (
  select string_to_array(w.isolation, ' ') as isolations, w.environments, w.labels collate "C" as labels from pack_runs.workers w
  where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp()
), picked as (
  select r.tenant_id, r.run_id, 1::bigint as turn, 1::bigint as place from pack_runs.runs r, me
  where r.tenant_id = $2 and r.run_id = $3 and num_nulls(r.owner) = 1 and r.due_at <= now() and not r.unplaced
    and r.environment_digest = any (me.environments) and r.worker_labels <@ me.labels and r.isolation = any (me.isolations)
    and coalesce($1 <> all (r.passed_by), true) and r.fence between 0 and 9007199254740990
  for update of r skip locked
