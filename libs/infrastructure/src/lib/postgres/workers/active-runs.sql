-- Runs that have not ended, by what decides whether a worker honours them, with one of each kind. For operators: it reads them all.
select r.tenant_id, s.plan_hash, s.profile_digest, count(*)::int as runs, (array_agg(r.run_id order by r.run_id))[1] as run_id
from pack_runs.runs r
join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
where r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
group by r.tenant_id, s.plan_hash, s.profile_digest, s.content_digest, md5(s.pack_signatures::text)
order by r.tenant_id, run_id
