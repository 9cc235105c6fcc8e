-- Active runs, grouped by the properties that decide whether a worker honours them, with one example each. For operators, because it reads
-- all of them.
select r.tenant_id, s.plan_hash, s.profile_digest, count(*)::int as runs, (array_agg(r.run_id order by r.run_id))[1] as run_id
from pack_runs.runs r
join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
where r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
group by r.tenant_id, s.plan_hash, s.profile_digest, s.content_digest, md5(s.pack_signatures::text)
order by r.tenant_id, run_id
