-- The reason why decide-gate changed nothing, from the current rows. `mine`: this decision itself, whose first response was lost; `latest`:
-- the person's last decision at this gate. `misplaced`: as in run-gates.
select r.status, r.cancel_position, (least(r.seen, r.cancel_position, r.refused_position) < 0 or greatest(r.seen, r.cancel_position, r.refused_position) > r.inbox_seq
    or r.inbox_seq > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.inbox_seq)
    or r.cancel_position > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.cancel_position and pack_runs.readable(i.given)->>'type' = 'run.cancel-requested')
    or r.refused_position > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.refused_position and pack_runs.readable(i.given)->'decision'->>'decision' = 'rejected')) as misplaced, r.last_decided_ms, g.state, g.approvals, g.required,
  g.expires_at <= clock_timestamp() as expired,
  r.refused_position > 0 or exists (select from pack_runs.gates o where o.tenant_id = $1 and o.run_id = $2 and o.gate <> $3
    and o.state = 'open' and o.expires_at <= statement_timestamp()) as doomed,
  exists (select from unnest(g.counted) c where string_to_array(c, E'\x1f') && string_to_array($5::text, E'\x1f')) as counted,
  exists (select from pack_runs.decisions d where d.tenant_id = $1 and d.run_id = $2 and d.decision_id = $4) as mine,
  latest.decision as latest, latest.envelope
from pack_runs.runs r
left join pack_runs.gates g on g.tenant_id = r.tenant_id and g.run_id = r.run_id and g.gate = $3
left join lateral (
  select d.decision, d.envelope from pack_runs.decisions d
  where d.tenant_id = r.tenant_id and d.run_id = r.run_id and d.gate = $3 and d.iss = $6 and d.sub = $7
  order by d.decided_ms desc limit 1
) latest on true
where r.tenant_id = $1 and r.run_id = $2
