-- Inserts an inbox message at the position from the counter on the run's row, in the same statement: without gaps and in commit order. The
-- row is locked first, so that the counter is current. It is incremented only if the message was inserted (its dedupe key is new).
-- misplaced: the message with this key is one that no run reads, or a request of a cancellation that the run's row does not know. Somebody
-- else wrote it, and it would swallow this one.
with run as (
  select inbox_seq, seen, status, cancel_position from pack_runs.runs where tenant_id = $1 and run_id = $2 for update
), letter as (
  insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
  select $1, $2, run.inbox_seq + 1, $3, $4, pack_runs.now_ms() from run
  where run.status not in ('succeeded', 'failed', 'cancelled', 'halted') and run.inbox_seq - run.seen < 1000
  on conflict (tenant_id, run_id, dedupe) do nothing
  returning position
), placed as (
  update pack_runs.runs r set
    inbox_seq = letter.position,
    cancel_position = case when $5 and r.cancel_position = 0 then letter.position else r.cancel_position end,
    due_at = case when r.owner is null and ($5 or not r.in_line) then least(r.due_at, now()) else r.due_at end,
    due_set_at = clock_timestamp(),
    -- A run that never started can be ended by any worker. One that no worker can honour is claimed to be ended in any case.
    worker_labels = case when $5 and r.last_seq = 0 then '{}' else r.worker_labels end,
    unplaced = r.unplaced and not ($5 and r.last_seq = 0 and r.unhonoured is null),
    version = r.version + 1
  from letter where r.tenant_id = $1 and r.run_id = $2
)
select (select position from letter) as position, run.status, run.inbox_seq - run.seen as unread,
  exists (select from pack_runs.inbox i where i.tenant_id = $1 and i.run_id = $2 and i.dedupe = $3) as known,
  exists (select from pack_runs.inbox i where i.tenant_id = $1 and i.run_id = $2 and i.dedupe = $3
    and (i.position < 1 or i.position > run.inbox_seq or $5 and run.cancel_position = 0)) as misplaced
from run
