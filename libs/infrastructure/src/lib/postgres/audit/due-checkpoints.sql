-- Names of tenants whose audit chain has entries after its last checkpoint.
select tenant_id from pack_runs.due_checkpoints($1, $2) as tenant_id
