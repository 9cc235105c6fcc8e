-- Claims one free assignment: the oldest one of the tenant after the one served last, among runs whose environment, isolation and labels
-- this worker supports. Executions that began earlier are returned too. The outcome of those without an answer is unknown. An assignment
-- with a fence that nothing can follow stays, and keeps no other waiting.
with recursive me as (
  select string_to_array(w.isolation, ' ') as isolations, w.environments, w.labels collate "C" as labels from pack_runs.workers w
  where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp()
), tenants (tenant_id) as (
  (select a.tenant_id from pack_runs.assignments a where a.owner is null and a.left_over > 0 order by a.tenant_id limit 1)
  union all
  select (
    select a.tenant_id from pack_runs.assignments a
    where a.owner is null and a.left_over > 0 and a.tenant_id > t.tenant_id order by a.tenant_id limit 1
  ) from tenants t where t.tenant_id is not null
), picked as (
  select due.* from (select t.tenant_id from tenants t where t.tenant_id is not null order by t.tenant_id <= $2, t.tenant_id) t, me
  cross join lateral (
    select a.tenant_id, a.run_id, a.name from pack_runs.assignments a
    join pack_runs.runs r on r.tenant_id = a.tenant_id and r.run_id = a.run_id
    where a.tenant_id = t.tenant_id and a.owner is null and a.left_over > 0
      and a.fence between 0 and 9007199254740990 and r.environment_digest = any (me.environments) and r.isolation = any (me.isolations) and r.worker_labels <@ me.labels
      and coalesce($1 <> all (r.passed_by), true)
      and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
    order by a.offered_at limit 1 for update of a skip locked
  ) due
  limit 1
), claimed as (
  update pack_runs.assignments a set owner = $1, fence = a.fence + 1
  from picked p where a.tenant_id = p.tenant_id and a.run_id = p.run_id and a.name = p.name
  returning a.*
)
select c.tenant_id, c.run_id, c.name, c.fence, pack_runs.bounded(c.body, 67108864) as body, pack_runs.bounded(c.mac, 1024) as mac, case when pg_column_size(c.stops) < 65536 then c.stops else '{}' end as stops, (
  select coalesce(json_agg(json_build_object('step', e.step, 'execution', e.execution, 'answered', e.answered)), '[]')
  from pack_runs.executions e where e.tenant_id = c.tenant_id and e.run_id = c.run_id and e.name = c.name
) as begun
from claimed c
