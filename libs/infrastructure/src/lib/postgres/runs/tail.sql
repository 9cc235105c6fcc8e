-- How far watched runs have come: one question for all of them, over tenants.
select tenant_id, run_id, last_seq, last_line, status, version from pack_runs.tail($1::text[], $2::uuid[])
