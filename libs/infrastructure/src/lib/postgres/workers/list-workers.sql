-- Workers that live after one ($2), $3 of them, each with what it drives of this tenant: the latest $4 of its runs, their number, and the
-- number of assignments. Row-level security holds for both, beside the condition.
select f.worker_id, f.name, f.version, f.build, f.isolation, f.environments, f.labels, f.slots, f.since_ms, f.renewed_ms, f.lease_until_ms,
  f.probe, f.probe_document,
  (select count(*)::int from pack_runs.runs r where r.tenant_id = $1 and r.owner = f.worker_id) as driven,
  array(select r.run_id::text from pack_runs.runs r where r.tenant_id = $1 and r.owner = f.worker_id order by r.run_id desc limit $4) as runs,
  (select count(*)::int from pack_runs.assignments a where a.tenant_id = $1 and a.owner = f.worker_id) as assignments
from pack_runs.fleet($2::uuid, $3::int) f order by f.worker_id
