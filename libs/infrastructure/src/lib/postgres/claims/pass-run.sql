-- Returns a run that this worker session cannot honour. This session does not get it again; others may. If no other living worker might
-- honour it, the run leaves the index of due runs and records the missing parts ($4), or with $5 stays with its owner, who ends it. Only in
-- that case `passed` is false.
with mine as (
  select r.tenant_id, r.run_id, r.owner, r.environment_digest, r.worker_labels, array(
    select w.worker_id from pack_runs.workers w where w.worker_id = any (r.passed_by) and w.state = 'live'
    union select r.owner
  ) as passed
  from pack_runs.runs r where r.tenant_id = $1 and r.run_id = $2 and r.fence = $3 and r.owner is not null
), standing as (
  select m.*, exists (
    select from pack_runs.workers w
    where w.state = 'live' and w.lease_until > clock_timestamp() and w.worker_id <> all (m.passed)
      and m.environment_digest = any (w.environments) and m.worker_labels <@ w.labels collate "C"
  ) as others
  from mine m
), given_back as (
  update pack_runs.runs r set owner = null, passed_by = s.passed, version = pack_runs.next_version(r.version), due_at = least(r.due_at, now()),
    due_set_at = clock_timestamp(),
    unplaced = not s.others, unhonoured = case when s.others then null else $4::text end,
    status = case when s.others or r.status = 'cancelling' then r.status else 'waiting' end,
    waits = case when s.others then r.waits else json_build_array(json_build_object('kind', 'environment', 'id', $4::text, 'since',
      to_char(greatest(coalesce(r.due_at, now()), 'epoch') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'until', null)) end
  from standing s
  where r.tenant_id = s.tenant_id and r.run_id = s.run_id and r.fence = $3 and (s.others or not $5::boolean)
)
select s.others or not $5::boolean as passed from standing s
