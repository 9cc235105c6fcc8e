-- What a rerun is made of: two rows by key.
select pack_runs.shown_status(r.status, r.cancel_position, r.seen) as status, r.head, s.plan_hash, s.source_digest, s.manifest,
  s.files, s.pack_signatures, s.inputs, s.initiators, s.labels
from pack_runs.runs r join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
where r.tenant_id = $1 and r.run_id = $2
