-- Without a returned row, the name is taken or the tenant has reached its limit.
with room as (
  select count(*) < $25::integer as is_left, coalesce(bool_or(name = $3), false) as is_taken from pack_runs.schedules where tenant_id = $1
), made as (
  insert into pack_runs.schedules (tenant_id, schedule_id, name, revision, cron, time_zone, overlap, catch_up, catch_up_window_ms,
    until_ms, pack, plan_hash, profile_digest, source, inputs, labels, creator, editor, author, paused, stopped, next_ms,
    created_ms, updated_ms, record)
  select $1, $2::uuid, $3, $4::integer, $5, $6, $7, $8, $9::bigint, $10::bigint, $11::json, $12, $13, $14::json, $15::json, $16::json,
    $17::json, $18::json, $19::json, $20::boolean, $21::json, $22::bigint, $23::bigint, $23::bigint, $24::json
  from room where is_left and not is_taken
  returning schedule_id
), audited as (
  select pack_runs.append_audit($1, $26) from made
)
select is_taken, (select count(*) from made)::int as made, (select count(*) from audited)::int as audited from room
