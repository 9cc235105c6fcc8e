-- Posts an inbox message of an assignment's holder, like post-message. The same statement marks the executions that the message answers, so
-- that no later holder answers them again. It locks the run before the assignment.
with run as (
  select r.tenant_id, r.run_id, r.inbox_seq, r.seen, r.status from pack_runs.runs r where r.tenant_id = $1 and r.run_id = $2 for update
), held as (
  select a.tenant_id, a.run_id, a.name, a.fence from run, pack_runs.assignments a
  where a.tenant_id = run.tenant_id and a.run_id = run.run_id and a.name = $3 and a.fence = $4 and a.owner = $5 for update of a
), letter as (
  insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
  select $1, $2, run.inbox_seq + 1, $6, $7, pack_runs.now_ms() from run, held
  where run.status not in ('succeeded', 'failed', 'cancelled', 'halted') and run.inbox_seq - run.seen < 1000
  on conflict (tenant_id, run_id, dedupe) do nothing
  returning position
), placed as (
  update pack_runs.runs r set inbox_seq = letter.position, due_at = case when r.owner is null then least(r.due_at, now()) else r.due_at end,
    due_set_at = clock_timestamp(),
    version = pack_runs.next_version(r.version)
  from letter where r.tenant_id = $1 and r.run_id = $2
), answered as (
  insert into pack_runs.executions as e (tenant_id, run_id, name, step, execution, fence, answered)
  select h.tenant_id, h.run_id, h.name, b.step, b.execution, h.fence, true
  from held h, letter, unnest($8::text[], $9::int[]) b (step, execution)
  on conflict (tenant_id, run_id, name, step, execution) do update set answered = true
), counted as (
  update pack_runs.assignments a set left_over = case when $10 then 0 else a.left_over - cardinality($8::text[]) end
  from held h, letter where a.tenant_id = h.tenant_id and a.run_id = h.run_id and a.name = h.name
)
select coalesce((select position from letter),
    (select i.position from pack_runs.inbox i where i.tenant_id = $1 and i.run_id = $2 and i.dedupe = $6)) as position,
  run.status, run.inbox_seq - run.seen as unread, exists (select from held) as held
from run
