-- Steps of a run as a timeline shows them, without values, in the order of the key; after one ($3 to $5) that was read.
select parent, place, step, kind, status, started_ms, finished_ms
from pack_runs.steps s
where s.tenant_id = $1 and s.run_id = $2 and ($5::text is null or (s.parent, s.place, s.step) > ($3::text, $4::int, $5::text))
order by s.parent, s.place, s.step limit $6
