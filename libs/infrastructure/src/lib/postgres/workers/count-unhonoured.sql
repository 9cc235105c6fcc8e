-- How many runs wait for a worker that can honour them, by the parts that are missing, and since when the first.
select r.unhonoured as parts, count(*)::int as runs, (extract(epoch from clock_timestamp() - min(r.due_at)) * 1000)::float8 as oldest_ms
from pack_runs.runs r where r.unhonoured is not null group by r.unhonoured
