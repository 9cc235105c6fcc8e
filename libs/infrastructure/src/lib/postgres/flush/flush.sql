-- The flush: commits of several runs in one autocommitted statement. The first arm is the guard, and every other arm joins its rows. A run
-- with a stale fence or position, or with an unread message that blocks it, therefore writes nothing, and the other runs are committed.
-- Three separate statements were tested and rejected: rows of a zombie were committed, and other runs failed with 23505.
-- Runs are sorted, so that concurrent flushes lock in the same order.
-- Steps are updated or inserted rather than upserted: only the holder of the fence writes them, and ON CONFLICT would add a lock and a WAL
-- record to each. Steps of a run's first page are inserted without a lookup.
-- A run whose shown status changes gets an event of the feed here: a trigger for each row costs more (ADR 76). `fed_version` tells the
-- trigger so. It is negative if the status is shown as before: an update cannot return the old row in PostgreSQL 15.
-- Arms without rows are removed before the statement is sent (statement-arms.ts). Their first line identifies them.
with owned as (
  update pack_runs.runs r set
    last_seq = u.last_seq, head = u.hash, last_line = u.last_line, seen = u.seen, status = u.status,
    snapshot_seq = case when u.is_snapshot then u.prev_seq + 1 else r.snapshot_seq end,
    started_ms = u.started_ms, finished_ms = u.finished_ms, waits = u.waits, counts = u.counts, outputs = u.outputs,
    error = u.error, message = u.message, journaled_steps = u.journaled,
    crashes = case when u.progressed then 0 else r.crashes end,
    owner = case when u.releases then null else r.owner end,
    due_at = case when u.releases then pack_runs.from_ms(u.due_ms) else r.due_at end,
    due_set_at = case when u.releases then clock_timestamp() else r.due_set_at end, committed_at = clock_timestamp(),
    in_line = r.in_line and u.finished_ms is null,
    evidence_status = case when u.attests then 'pending' else r.evidence_status end,
    version = r.version + 1,
    fed_version = case when pack_runs.shown_status(u.status, r.cancel_position, u.seen)
      <> pack_runs.shown_status(r.status, r.cancel_position, r.seen) then r.version + 1 else -r.version - 1 end
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[], $8::bigint[],
      $9::text[], $10::bigint[], $11::bigint[], $12::json[], $13::json[], $14::json[], $15::json[], $16::boolean[],
      $17::boolean[], $18::bigint[], $19::boolean[], $20::boolean[], $85::boolean[], $86::json[], $87::boolean[]) with ordinality
    u (tenant_id, run_id, fence, prev_seq, last_seq, hash, last_line, seen, status, started_ms, finished_ms, waits, counts,
      outputs, error, progressed, releases, due_ms, attests, closes, is_snapshot, message, journaled, i)
  -- IS NOT NULL is avoided here: it would select the index of owned runs, whose entries are mostly dead.
  where r.tenant_id = u.tenant_id and r.run_id = u.run_id and num_nulls(r.owner) = 0
    and r.fence = u.fence and r.last_seq = u.prev_seq and (not u.closes or r.inbox_seq = u.seen)
  returning r.tenant_id, r.run_id, r.fence, u.prev_seq, u.hash, u.i,
    case when r.fed_version > 0 then pack_runs.shown_status(r.status, r.cancel_position, r.seen) end as told
), told as (
  insert into pack_runs.events (tenant_id, type, run, status)
  select o.tenant_id, pack_runs.run_event(o.told), o.run_id, o.told from owned o where o.told is not null
), pages as (
  insert into pack_run_logs.journal (tenant_id, run_id, first_seq, fence, hash, mac, content)
  select o.tenant_id, o.run_id, o.prev_seq + 1, o.fence, o.hash, p.mac, p.content
  from unnest($21::bytea[], $22::bytea[]) with ordinality p (mac, content, i) join owned o on o.i = p.i
), given as materialized (
  select o.tenant_id, o.run_id, o.prev_seq = 0 as first, s.*
  from unnest($23::int[], $24::text[], $25::int[], $26::text[], $27::text[], $28::text[], $29::text[], $30::text[], $31::int[],
      $32::bigint[], $33::bigint[], $34::bigint[], $35::int[], $36::json[], $37::json[], $38::json[], $71::json[])
    s (i, parent, place, step, kind, label, status, reason, attempts, next_attempt_ms, started_ms, finished_ms, children,
      outputs, outputs_ref, error, reused_from)
  join owned o on o.i = s.i
), steps_changed as (
  update pack_runs.steps t set
    status = g.status, reason = g.reason, attempts = g.attempts, next_attempt_ms = g.next_attempt_ms,
    started_ms = g.started_ms, finished_ms = g.finished_ms, children = g.children, outputs = g.outputs,
    outputs_ref = g.outputs_ref, error = g.error, reused_from = g.reused_from
  from given g
  where not g.first and t.tenant_id = g.tenant_id and t.run_id = g.run_id and t.parent = g.parent and t.place = g.place and t.step = g.step
), steps_new as (
  insert into pack_runs.steps (tenant_id, run_id, parent, place, step, kind, label, status, reason, attempts, next_attempt_ms,
    started_ms, finished_ms, children, outputs, outputs_ref, error, reused_from)
  select g.tenant_id, g.run_id, g.parent, g.place, g.step, g.kind, g.label, g.status, g.reason, g.attempts, g.next_attempt_ms,
    g.started_ms, g.finished_ms, g.children, g.outputs, g.outputs_ref, g.error,
    g.reused_from
  from given g
  where not g.first and not exists (select from pack_runs.steps t where t.tenant_id = g.tenant_id and t.run_id = g.run_id
    and t.parent = g.parent and t.place = g.place and t.step = g.step)
), steps_first as (
  insert into pack_runs.steps (tenant_id, run_id, parent, place, step, kind, label, status, reason, attempts, next_attempt_ms,
    started_ms, finished_ms, children, outputs, outputs_ref, error, reused_from)
  select g.tenant_id, g.run_id, g.parent, g.place, g.step, g.kind, g.label, g.status, g.reason, g.attempts, g.next_attempt_ms,
    g.started_ms, g.finished_ms, g.children, g.outputs, g.outputs_ref, g.error, g.reused_from
  from given g where g.first
), gates_opened as (
  insert into pack_runs.gates (tenant_id, run_id, gate, approval, state, gate_digest, request, show, required, expires_at,
    opened_ms, ended_ms)
  select o.tenant_id, o.run_id, g.gate, g.approval, g.state, g.gate_digest, g.request, g.show, g.required,
    pack_runs.from_ms(g.expires_ms), pack_runs.now_ms(), case when g.state <> 'open' then pack_runs.now_ms() end
  from unnest($39::int[], $40::text[], $41::text[], $42::text[], $43::text[], $44::json[], $45::json[], $46::int[], $47::bigint[])
    g (i, gate, approval, state, gate_digest, request, show, required, expires_ms)
  join owned o on o.i = g.i
), gates_ended as (
  update pack_runs.gates t set state = e.outcome, ended_ms = pack_runs.now_ms()
  from unnest($48::int[], $49::text[], $50::text[]) e (i, gate, outcome) join owned o on o.i = e.i
  where t.tenant_id = o.tenant_id and t.run_id = o.run_id and t.gate = e.gate and t.state = 'open'
), places as (
  insert into pack_run_logs.places (tenant_id, run_id, last_line, lines, step, execution, chunk)
  select o.tenant_id, o.run_id, c.last_line, c.lines, c.step, c.execution, c.chunk
  from unnest($51::int[], $52::bigint[], $53::int[], $54::text[], $55::int[], $56::int[])
    c (i, last_line, lines, step, execution, chunk)
  join owned o on o.i = c.i
), files as (
  insert into pack_artifacts.artifacts (tenant_id, run_id, step, execution, name, path, digest, size, media_type, created_ms)
  select o.tenant_id, o.run_id, a.step, a.execution, a.name, a.path, a.digest, a.size, a.media_type, pack_runs.now_ms()
  from unnest($57::int[], $58::text[], $59::int[], $60::text[], $61::text[], $62::text[], $63::bigint[], $64::text[])
    a (i, step, execution, name, path, digest, size, media_type)
  join owned o on o.i = a.i
), follow as (
  insert into pack_runs.outbox (tenant_id, outbox_id, run_id, kind, body, stream, place, due_at, since)
  select o.tenant_id, coalesce(x.item, pack_runs.uuidv7()), o.run_id, x.kind, x.body, x.stream, x.place, due.at, due.at
  from unnest($65::int[], $66::text[], $67::json[], $68::text[], $69::bigint[], $70::bigint[], $88::uuid[])
    x (i, kind, body, stream, place, due_ms, item)
  join owned o on o.i = x.i
  cross join lateral (select coalesce(pack_runs.from_ms(x.due_ms), clock_timestamp()) as at) due
), lent as (
  insert into pack_runs.assignments (tenant_id, run_id, name, step, first_index, last_index, left_over, body, mac)
  select o.tenant_id, o.run_id, a.name, a.step, a.first_index, a.last_index, a.items, a.body, a.mac
  from unnest($72::int[], $73::text[], $74::text[], $75::int[], $76::int[], $77::int[], $78::text[], $79::bytea[])
    a (i, name, step, first_index, last_index, items, body, mac)
  join owned o on o.i = a.i
), revoked as (
  update pack_runs.assignments t set stops = t.stops || s.steps
  from (select s.i, s.name, array_agg(s.step) as steps from unnest($80::int[], $81::text[], $82::text[]) s (i, name, step)
    group by s.i, s.name) s
  join owned o on o.i = s.i
  where t.tenant_id = o.tenant_id and t.run_id = o.run_id and t.name = s.name
), settled as (
  delete from pack_runs.assignments t using unnest($83::int[], $84::text[]) e (i, name) join owned o on o.i = e.i
  where t.tenant_id = o.tenant_id and t.run_id = o.run_id and t.name = e.name
  returning t.tenant_id, t.run_id, t.name
), forgotten as (
  delete from pack_runs.executions t using settled s
  where t.tenant_id = s.tenant_id and t.run_id = s.run_id and t.name = s.name
)
select i::int as i from owned
