-- Tenants whose audit chain is not where their last checkpoint is: names only.
select tenant_id from pack_runs.due_checkpoints($1, $2) as tenant_id
