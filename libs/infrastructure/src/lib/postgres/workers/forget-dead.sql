-- Deletes dead worker sessions that own nothing, after an hour.
delete from pack_runs.workers w
where w.state = 'dead' and w.lease_until < now() - interval '1 hour'
  and not exists (select from pack_runs.runs r where r.owner = w.worker_id)
  and not exists (select from pack_runs.assignments a where a.owner = w.worker_id)
