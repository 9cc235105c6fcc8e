-- Records a decision atomically, in one statement. Lock order run -> gate. The run's row is locked first, which orders its inbox messages
-- and decision times. The gate then changes if it is open and unexpired on the database's clock. Only after that change do the message
-- counter, the message, the decision and the audit entry follow. The quorum is a counter on the gate's row. Counting rows in a snapshot was
-- tested and left a gate open with two of two approvals. A run that is already ending because of another gate accepts no decision: the mark
-- of a rejection is on the run's row, where it is read again after the lock.
-- Every decision is later than the run's last decision or resolution ($10). An approval with a response was checked against the decisions
-- that were read, so it names the time of the last one then ($17; 0: there was none). If that is another now, nothing changes. $17 is null
-- for all other decisions.
-- A last decision that lies in the future of the database's clock is not believed: the signed decisions and resolutions count. Somebody with
-- the database could otherwise keep people from deciding. They come from the snapshot, so the run must still have the version of the snapshot.
-- $6: the person; $7: all subjects whose approval the decision counts, the person first, separated by U+001F.
with run as (
  select r.inbox_seq from pack_runs.runs r
  where r.tenant_id = $1 and r.run_id = $2
    and (r.last_decided_ms < $10::bigint or r.last_decided_ms > pack_runs.now_ms()
      and r.version = (select b.version from pack_runs.runs b where b.tenant_id = $1 and b.run_id = $2)
      and not exists (select from pack_runs.decisions d where d.tenant_id = $1 and d.run_id = $2 and d.decided_ms >= $10::bigint)
      and not exists (select from pack_runs.resolutions x where x.tenant_id = $1 and x.run_id = $2 and x.decided_ms >= $10::bigint))
    and ($17::bigint is null or r.last_decided_ms = $17::bigint) and r.cancel_position = 0
    and r.refused_position = 0 and r.status not in ('succeeded', 'failed', 'cancelled', 'cancelling', 'halted')
    and not exists (select from pack_runs.gates o where o.tenant_id = $1 and o.run_id = $2 and o.gate <> $3
      and o.state = 'open' and o.expires_at <= statement_timestamp())
  for update
), gate as (
  update pack_runs.gates g set
    approvals = g.approvals + case $5::text when 'approved' then 1 when 'withdrawn' then -1 else 0 end,
    counted = case $5::text
      when 'approved' then g.counted || $7::text
      when 'withdrawn' then array(select c from unnest(g.counted) c where split_part(c, E'\x1f', 1) <> $6::text)
      else g.counted end,
    state = case
      when $5::text = 'rejected' then 'rejected'
      when $5::text = 'approved' and g.approvals + 1 >= g.required then 'approved'
      else 'open' end,
    ended_ms = case
      when $5::text = 'rejected' or ($5::text = 'approved' and g.approvals + 1 >= g.required) then $10::bigint end
  from run
  where g.tenant_id = $1 and g.run_id = $2 and g.gate = $3 and g.state = 'open' and g.expires_at > clock_timestamp()
    and case $5::text
      when 'approved' then not exists (
        select from unnest(g.counted) c where string_to_array(c, E'\x1f') && string_to_array($7::text, E'\x1f'))
      when 'withdrawn' then exists (select from unnest(g.counted) c where split_part(c, E'\x1f', 1) = $6::text)
      else true end
  returning g.state, g.approvals, g.required, run.inbox_seq + 1 as position
), placed as (
  update pack_runs.runs r set
    inbox_seq = gate.position,
    last_decided_ms = $10::bigint,
    refused_position = case $5::text when 'rejected' then gate.position else r.refused_position end,
    due_at = case when r.owner is null then least(r.due_at, now()) else r.due_at end, due_set_at = clock_timestamp(),
    version = r.version + 1
  from gate where r.tenant_id = $1 and r.run_id = $2
), letter as (
  insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, envelope, response, posted_ms)
  select $1, $2, gate.position, 'decision:' || $4, $14, $11, $13, pack_runs.now_ms() from gate
), decision as (
  insert into pack_runs.decisions (tenant_id, run_id, gate, decision_id, decision, iss, sub, decided_ms, envelope, record_digest,
    response, name)
  select $1, $2, $3, $4, $5::text, $8, $9, $10::bigint, $11, $12, $13, $16 from gate
)
select gate.state, gate.approvals, gate.required, pack_runs.append_audit($1, $15) as audit_seq from gate
