-- Inbox messages that the journal has not taken, in order. The message of a decision includes its envelope.
select position, given, envelope, response, posted_ms from pack_runs.inbox
where tenant_id = $1 and run_id = $2 and position > $3 order by position
