-- The reason why resolve-attention changed nothing, from the current rows. `misplaced`: as in run-gates.
select r.status, (least(r.seen, r.cancel_position, r.refused_position) < 0 or greatest(r.seen, r.cancel_position, r.refused_position) > r.inbox_seq
    or r.inbox_seq > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.inbox_seq)
    or r.cancel_position > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.cancel_position and pack_runs.readable(i.given)->>'type' = 'run.cancel-requested')
    or r.refused_position > 0 and not exists (select from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id
      and i.position = r.refused_position and pack_runs.readable(i.given)->'decision'->>'decision' = 'rejected')) as misplaced, r.cancel_position > r.seen or r.refused_position > r.seen as doomed, r.last_decided_ms,
  exists (select from pack_runs.steps s where s.tenant_id = $1 and s.run_id = $2 and s.step = $3 and s.parent = $5
    and s.status = 'needs_attention' and pack_runs.readable(s.error)->>'execution' = $4::int::text) as needed,
  x.outcome, x.iss, x.sub, x.envelope
from pack_runs.runs r
left join pack_runs.resolutions x
  on x.tenant_id = r.tenant_id and x.run_id = r.run_id and x.step = $3 and x.execution = $4
where r.tenant_id = $1 and r.run_id = $2
