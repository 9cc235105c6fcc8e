-- Replaces exactly the given revision, unless a tick came in between, which would then be taken twice. An active lease ends, because it
-- refers to the former schedule.
with edited as (
  update pack_runs.schedules set
    name = $3, revision = $4::integer, cron = $5, time_zone = $6, overlap = $7, catch_up = $8, catch_up_window_ms = $9::bigint,
    until_ms = $10::bigint, pack = $11::json, plan_hash = $12, profile_digest = $13, source = $14::json, inputs = $15::json,
    labels = $16::json, creator = $17::json, editor = $18::json, author = $19::json, paused = $20::boolean, stopped = $21::json,
    next_ms = $22::bigint, updated_ms = $23::bigint, record = $24::json, leased_until = clock_timestamp()
  where tenant_id = $1 and schedule_id = $2::uuid and revision = $4::integer - 1 and next_ms is not distinct from $26::bigint
  returning schedule_id
), audited as (
  select pack_runs.append_audit($1, $25) from edited
)
select (select count(*) from edited)::int as made, (select count(*) from audited)::int as audited
