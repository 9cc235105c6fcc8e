-- Makes parked runs of a kind due, after a worker found that the configuration no longer permits them.
update pack_runs.runs r set due_at = now(), due_set_at = clock_timestamp()
from pack_runs.run_sources s
where r.tenant_id = $1 and s.tenant_id = r.tenant_id and s.run_id = r.run_id and r.owner is null and r.due_at > now()
  and s.content_digest = $2 and s.profile_digest = $3 and md5(s.pack_signatures::text) = $4
returning 1
