-- One question for all runs of a worker: whose inbox is ahead of what the journal has taken.
select tenant_id, run_id, inbox_seq from pack_runs.runs where owner = $1 and inbox_seq > seen
