-- Numbered chunks in the order of their lines. The chunk with line $3 + 1 may begin before it. Positions are read first, then each chunk by
-- its key: a join would read every chunk of the run for each page.
select p.last_line - p.lines + 1 as first_line, p.lines, p.step, c.attempt, p.execution, p.chunk, c.at_ms, c.data
from (
  select p.* from pack_run_logs.places p
  where p.tenant_id = $1 and p.run_id = $2 and p.last_line > $3
  order by p.last_line limit $4
) p
cross join lateral (
  select c.attempt, c.at_ms, c.data from pack_run_logs.chunks c
  where c.tenant_id = $1 and c.run_id = $2 and c.step = p.step and c.execution = p.execution and c.chunk = p.chunk
  limit 1
) c
order by p.last_line
