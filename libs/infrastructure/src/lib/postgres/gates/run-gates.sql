-- Gates of a run with their decisions, and columns of the run. misplaced: a position in the row of the run that its inbox does not have.
select g.run_id, g.gate, g.state, g.gate_digest, g.request::text as request, g.show::text as show, g.approvals, g.required, g.counted,
  g.opened_ms, pack_runs.epoch_ms(g.expires_at) as expires_ms, s.plan_hash, s.profile_digest, s.pack_name,
  s.pack_version, s.content_digest, s.source_digest, s.initiators, s.requester, s.rerun_of, s.admission,
  s.admission_digest,
  pack_runs.shown_status(r.status, r.cancel_position, r.seen) as run_status, r.last_decided_ms,
  (least(r.seen, r.cancel_position, r.refused_position) < 0 or greatest(r.seen, r.cancel_position, r.refused_position) > r.inbox_seq
    or r.inbox_seq > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.inbox_seq)
    or r.cancel_position > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.cancel_position and pack_runs.readable(i.given)->>'type' = 'run.cancel-requested')
    or r.refused_position > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.refused_position and pack_runs.readable(i.given)->'decision'->>'decision' = 'rejected')) as misplaced,
  r.refused_position > 0 or exists (select from pack_runs.gates o where o.tenant_id = g.tenant_id and o.run_id = g.run_id
    and o.gate <> g.gate and o.state = 'open' and o.expires_at <= statement_timestamp()) as doomed,
  (select coalesce(json_agg(json_build_object('decisionId', d.decision_id, 'decision', d.decision,
      'person', json_build_object('iss', d.iss, 'sub', d.sub), 'name', d.name, 'envelope', d.envelope, 'recordDigest', d.record_digest,
      'decidedAt', d.decided_ms)
      order by d.decided_ms), '[]')
    from pack_runs.decisions d where d.tenant_id = g.tenant_id and d.run_id = g.run_id and d.gate = g.gate) as decisions
from pack_runs.gates g
join pack_runs.runs r on r.tenant_id = g.tenant_id and r.run_id = g.run_id
join pack_runs.run_sources s on s.tenant_id = g.tenant_id and s.run_id = g.run_id
where g.tenant_id = $1 and g.run_id = $2 and g.gate = any($3::text[])
