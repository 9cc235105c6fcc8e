-- Releases a run that was not driven. No crash is counted. With a wait it is due in five seconds and shows the wait; otherwise it is due at
-- once.
update pack_runs.runs set
  owner = null,
  due_at = case when $4::json is null then now() else now() + interval '5 seconds' end,
  due_set_at = clock_timestamp(),
  status = case when $4::json is null then status else 'waiting' end,
  waits = coalesce($4::json, waits),
  version = pack_runs.next_version(version)
where tenant_id = $1 and run_id = $2 and fence = $3 and owner is not null
