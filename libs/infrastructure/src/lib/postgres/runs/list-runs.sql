-- Newest first, because ids increase with time. $3: stored statuses that can be shown as $2, so that the index is used.
select r.run_id, pack_runs.shown_status(r.status, r.cancel_position, r.seen) as status, s.pack_name, s.pack_version,
  s.content_digest, s.source_digest, s.admission, s.admission_digest, r.altered, s.plan_hash, s.profile_digest, s.requester, s.initiators, s.labels, r.created_ms, r.started_ms,
  r.finished_ms, r.waits, r.stuck, r.counts, r.outputs, r.error, r.evidence_status, r.evidence_digest, r.evidence_reason, r.last_line, r.version, s.rerun_of,
  case when r.evidence_status = 'sealed' then (select json_agg(json_build_object('destination', x.destination,
      'artifacts', x.artifacts, 'status', x.status, 'tries', x.tries, 'reason', x.reason, 'requestedAt', x.requested_ms,
      'nextAttemptAt', case when x.status = 'pending' then (extract(epoch from x.due_at) * 1000)::bigint end,
      'endedAt', x.ended_ms) order by x.destination)
    from pack_artifacts.exports x where x.tenant_id = r.tenant_id and x.run_id = r.run_id) end as exports
from pack_runs.runs r join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
where r.tenant_id = $1
  and ($2::text is null or (r.status = any($3::text[]) and pack_runs.shown_status(r.status, r.cancel_position, r.seen) = $2))
  and ($4::text is null or s.pack_name = $4)
  and ($7::text[] is null or r.stuck = any($7::text[]))
  and ($5::uuid is null or r.run_id < $5)
order by r.run_id desc limit $6
