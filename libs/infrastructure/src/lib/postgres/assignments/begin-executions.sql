-- Inserts rows of executions that are about to begin, for the holder of their assignment, unless the assignment is to stop. The lock orders
-- this statement and a revocation: an execution that the revocation misses has its row. A repetition under the same fence returns the same
-- result.
with held as (
  select a.tenant_id, a.run_id, a.name, a.fence, a.stops from pack_runs.assignments a
  where a.tenant_id = $1 and a.run_id = $2 and a.name = $3 and a.fence = $4 and a.owner = $5 for update
)
insert into pack_runs.executions as e (tenant_id, run_id, name, step, execution, fence)
select h.tenant_id, h.run_id, h.name, b.step, b.execution, h.fence
from held h, unnest($6::text[], $7::int[]) b (step, execution)
where b.step <> all (h.stops)
on conflict (tenant_id, run_id, name, step, execution) do update set fence = e.fence where e.fence = excluded.fence and not e.answered
returning step
