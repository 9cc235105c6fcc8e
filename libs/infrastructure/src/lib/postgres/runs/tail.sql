-- Positions of all watched runs of all tenants, in one query.
select tenant_id, run_id, last_seq, last_line, status, version from pack_runs.tail($1::text[], $2::uuid[])
