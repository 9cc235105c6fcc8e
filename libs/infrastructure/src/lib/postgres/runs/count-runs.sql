-- How many runs of a tenant have each status, as stored and as shown. Of each stored status the newest $5 are counted, so what is read has a
-- bound.
select w.status as stored, r.shown, count(*)::int as runs
from unnest($4::text[]) w (status) cross join lateral (
  select pack_runs.shown_status(r.status, r.cancel_position, r.seen) as shown from pack_runs.runs r
  where r.tenant_id = $1 and r.status = w.status and r.run_id >= $2::uuid and r.run_id < $3::uuid
  order by r.run_id desc limit $5
) r
group by w.status, r.shown
