-- A refusal leaves a row too, in a transaction of its own.
select pack_runs.append_audit($1, $2)
