-- Runs of a worker whose inbox has messages that the journal has not taken, in one query for all of them.
select tenant_id, run_id, inbox_seq from pack_runs.runs where owner = $1 and inbox_seq > seen
