-- What others are told of a schedule. The outbox orders by run: here the schedule stands in its place.
insert into pack_runs.outbox (tenant_id, run_id, kind, body) values ($1, $2::uuid, 'announce', $3::json)
