-- Newest first, without packs and inputs, which may be large. A value that is too large for this process counts as altered.
select tenant_id, schedule_id, pack_runs.bounded(name, 65536) as name, revision, pack_runs.bounded(cron, 65536) as cron, pack_runs.bounded(time_zone, 65536) as time_zone,
  pack_runs.bounded(overlap, 65536) as overlap, pack_runs.bounded(catch_up, 65536) as catch_up, catch_up_window_ms, until_ms, pack_runs.bounded(pack, 16777216) as pack,
  pack_runs.bounded(plan_hash, 65536) as plan_hash, pack_runs.bounded(profile_digest, 65536) as profile_digest, pack_runs.bounded(labels, 16777216) as labels, pack_runs.bounded(creator, 16777216) as creator,
  pack_runs.bounded(editor, 16777216) as editor, pack_runs.bounded(author, 16777216) as author, paused, pack_runs.bounded(stopped, 16777216) as stopped,
  next_ms, created_ms, updated_ms, pack_runs.bounded(record, 16777216) as record
from pack_runs.schedules
where tenant_id = $1 and ($3::uuid is null or schedule_id < $3::uuid)
order by schedule_id desc limit $2
