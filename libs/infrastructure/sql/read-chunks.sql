-- Numbered chunks in the order of their lines; the one that holds line $3 + 1 may begin before it.
select p.last_line - p.lines + 1 as first_line, p.lines, p.step, p.execution, p.chunk, c.at_ms, c.data
from pack_run_logs.places p
join pack_run_logs.chunks c on c.tenant_id = p.tenant_id and c.run_id = p.run_id and c.step = p.step
  and c.execution = p.execution and c.chunk = p.chunk
where p.tenant_id = $1 and p.run_id = $2 and p.last_line > $3 and c.tenant_id = $1 and c.run_id = $2
order by p.last_line limit $4
