-- Gates of a tenant that can still be decided, newest first, after an optional position. Gates of halted runs cannot be decided, nor can
-- those of runs that are marked as altered: one altered row must not take the list away from everybody. A value
-- that is too large for this process counts as altered.
select g.run_id, g.gate, g.state, pack_runs.bounded(g.gate_digest, 65536) as gate_digest, pack_runs.bounded(g.request, 134217728)::text as request, pack_runs.bounded(g.show, 134217728)::text as show, g.approvals, g.required, g.counted,
  g.opened_ms, pack_runs.epoch_ms(g.expires_at) as expires_ms, pack_runs.bounded(s.plan_hash, 65536) as plan_hash, pack_runs.bounded(s.profile_digest, 65536) as profile_digest, pack_runs.bounded(s.pack_name, 65536) as pack_name, pack_runs.bounded(s.pack_version, 65536) as pack_version,
  pack_runs.bounded(s.content_digest, 65536) as content_digest, pack_runs.bounded(s.source_digest, 65536) as source_digest, pack_runs.bounded(s.admission_digest, 65536) as admission_digest, s.rerun_of,
  pack_runs.bounded(s.initiators, 16777216) as initiators, pack_runs.bounded(s.requester, 16777216) as requester, pack_runs.bounded(s.admission, 16777216) as admission,
  pack_runs.shown_status(r.status, r.cancel_position, r.seen) as run_status, r.last_decided_ms,
  r.refused_position > 0 or exists (select from pack_runs.gates o where o.tenant_id = g.tenant_id and o.run_id = g.run_id
    and o.gate <> g.gate and o.state = 'open' and o.expires_at <= statement_timestamp()) as doomed,
  (select coalesce(json_agg(json_build_object('decisionId', d.decision_id, 'decision', pack_runs.bounded(d.decision, 65536),
      'person', json_build_object('iss', pack_runs.bounded(d.iss, 65536), 'sub', pack_runs.bounded(d.sub, 65536)), 'name', pack_runs.bounded(d.name, 65536), 'envelope', pack_runs.bounded(d.envelope, 16777216), 'recordDigest', pack_runs.bounded(d.record_digest, 65536),
      'decidedAt', d.decided_ms)
      order by d.decided_ms), '[]')
    from pack_runs.decisions d where d.tenant_id = g.tenant_id and d.run_id = g.run_id and d.gate = g.gate) as decisions
from pack_runs.gates g
join pack_runs.runs r on r.tenant_id = g.tenant_id and r.run_id = g.run_id
join pack_runs.run_sources s on s.tenant_id = g.tenant_id and s.run_id = g.run_id
where g.tenant_id = $1 and g.state = 'open' and g.expires_at > clock_timestamp() and r.status <> 'halted' and pack_runs.mark_in(r.altered) is null
  and ($3::bigint is null or (g.opened_ms, g.run_id, g.gate) < ($3, $4::uuid, $5::text))
order by g.opened_ms desc, g.run_id desc, g.gate desc limit $2
