-- The least id of a run whose instant is at most $1 milliseconds ago.
select (lpad(to_hex(pack_runs.now_ms() - $1::bigint), 12, '0') || repeat('0', 20))::uuid::text as floor
