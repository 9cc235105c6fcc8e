-- Number of unarchived runs for each of these days of creation. Their pages and log lines exist only in that day's partitions.
select d.day::text as day, count(r.run_id)::int as runs
from unnest($1::date[]) d (day)
left join pack_runs.runs r on r.run_id >= pack_run_logs.uuid_floor(d.day) and r.run_id < pack_run_logs.uuid_floor(d.day + 1)
  and not exists (select from pack_artifacts.archives a where a.tenant_id = r.tenant_id and a.run_id = r.run_id)
group by d.day
