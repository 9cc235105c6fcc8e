-- Inbox messages that the journal has not taken, in order. The message of a decision includes its envelope. A value that is too large for
-- this process is replaced, and ends the run as an altered one.
select position, pack_runs.bounded(given, 134217728) as given, pack_runs.bounded(envelope, 67108864) as envelope,
  pack_runs.bounded(response, 134217728) as response, posted_ms from pack_runs.inbox
where tenant_id = $1 and run_id = $2 and position > $3 order by position
