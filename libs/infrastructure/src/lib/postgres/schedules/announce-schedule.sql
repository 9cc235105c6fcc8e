-- Announces an event of a schedule. The outbox orders by run; the schedule's id takes its place.
insert into pack_runs.outbox (tenant_id, run_id, kind, body) values ($1, $2::uuid, 'announce', $3::json)
