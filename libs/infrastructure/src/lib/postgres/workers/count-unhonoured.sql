-- Number of runs that wait for a worker that can honour them, by missing parts, with the time since which the first one waits.
select pack_runs.bounded(r.unhonoured, 65536) as parts, count(*)::int as runs, (extract(epoch from clock_timestamp() - coalesce(min(r.due_at) filter (where r.due_at > 'epoch' and isfinite(r.due_at)), clock_timestamp())) * 1000)::float8 as oldest_ms
from pack_runs.runs r where r.unhonoured is not null group by 1
