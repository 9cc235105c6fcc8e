-- Positions of all runs that a flush did not return. They determine the outcome of their commits.
select u.i::int as i, r.fence, r.last_seq, r.head, r.inbox_seq, r.owner is not null as owned
from unnest($1::text[], $2::uuid[]) with ordinality u (tenant_id, run_id, i)
join pack_runs.runs r on r.tenant_id = u.tenant_id and r.run_id = u.run_id
