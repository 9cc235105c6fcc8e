-- Newest first, without packs and inputs, which may be large.
select tenant_id, schedule_id, name, revision, cron, time_zone, overlap, catch_up, catch_up_window_ms, until_ms, pack, plan_hash,
  profile_digest, labels, creator, editor, author, paused, stopped, next_ms, created_ms, updated_ms, record
from pack_runs.schedules
where tenant_id = $1 and ($3::uuid is null or schedule_id < $3::uuid)
order by schedule_id desc limit $2
