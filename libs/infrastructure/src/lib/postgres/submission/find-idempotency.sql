-- Owner of an idempotency key that create-runs found taken.
select run_id, body_digest from pack_runs.idempotency
where tenant_id = $1 and iss = $2 and sub = $3 and route = $4 and key = $5
