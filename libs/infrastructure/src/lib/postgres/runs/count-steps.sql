-- Child steps by status. A plan bounds them: a map has at most 100 000 items, which are one range of the key.
select status, count(*)::int as count
from pack_runs.steps s
where s.tenant_id = $1 and s.run_id = $2 and s.parent = $3
group by status
