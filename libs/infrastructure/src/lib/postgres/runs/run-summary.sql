-- One run: two rows by key, independent of its size. For a sealed run, one more row per destination of its evidence. For one
-- that is marked as cancelled, the request in its inbox: messages stay as long as their run.
select r.run_id, pack_runs.shown_status(r.status, r.cancel_position, r.seen) as status, s.pack_name, s.pack_version,
  s.content_digest, s.source_digest, s.stored_admission as admission, s.admitted, s.signed, s.admitted_digests, s.admission_digest, r.altered, s.plan_hash, s.profile_digest, s.requester, s.initiators, s.labels, r.created_ms, r.started_ms,
  r.finished_ms, r.waits, r.stuck, r.counts, r.outputs, r.message, r.error, r.evidence_status, r.evidence_digest, r.evidence_reason, r.last_line, r.version, s.rerun_of,
  r.cancel_position, case when r.cancel_position > 0 then (select json_build_object('input', i.given, 'postedMs', i.posted_ms,
      'isForced', exists (select from pack_runs.inbox f
      where f.tenant_id = r.tenant_id and f.run_id = r.run_id and f.dedupe = 'cancel:force' and f.position <= r.inbox_seq))
    from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id and i.position = r.cancel_position) end as cancel_request,
  case when r.evidence_status = 'sealed' then (select json_agg(json_build_object('destination', x.destination,
      'artifacts', x.artifacts, 'status', x.status, 'tries', x.tries, 'reason', x.reason, 'requestedAt', x.requested_ms,
      'nextAttemptAt', case when x.status = 'pending' then pack_runs.epoch_ms(x.due_at) end,
      'endedAt', x.ended_ms) order by x.destination)
    from pack_artifacts.exports x where x.tenant_id = r.tenant_id and x.run_id = r.run_id) end as exports
from pack_runs.runs r join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
where r.tenant_id = $1 and r.run_id = $2
