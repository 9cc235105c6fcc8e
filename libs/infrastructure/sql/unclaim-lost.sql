-- Runs of claims whose answer was lost: owned by this worker, and it does not know. They are due again; no crash is counted.
update pack_runs.runs set owner = null, due_at = now() where owner = $1 and claim_seq = any($2::int[])
