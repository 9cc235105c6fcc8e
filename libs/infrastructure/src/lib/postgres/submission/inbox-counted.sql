-- True if the row of a run counts unread messages that its inbox does not have. One snapshot: a message that is being posted is no difference.
select (select count(*) from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id and i.position > r.seen
  and i.position <= r.inbox_seq) <> r.inbox_seq - r.seen as misplaced
from pack_runs.runs r where r.tenant_id = $1 and r.run_id = $2
