-- Letters that the journal has not taken, in order; a decision's letter has its envelope.
select position, given, envelope, response, posted_ms from pack_runs.inbox
where tenant_id = $1 and run_id = $2 and position > $3 order by position
