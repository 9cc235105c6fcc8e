-- A refusal is audited too, in a separate transaction.
select pack_runs.append_audit($1, $2)
