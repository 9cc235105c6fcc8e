-- Status of all assignments that a worker holds: stop requests, and the journal positions of their runs.
select a.tenant_id, a.run_id, a.name, a.fence, case when pg_column_size(a.stops) < 65536 then a.stops else '{}' end as stops, r.seen,
  r.status in ('succeeded', 'failed', 'cancelled', 'halted') as over
from pack_runs.assignments a join pack_runs.runs r on r.tenant_id = a.tenant_id and r.run_id = a.run_id
where a.owner = $1
