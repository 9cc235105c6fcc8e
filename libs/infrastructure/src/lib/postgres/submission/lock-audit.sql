-- Locks the counter of a tenant's audit chain before a concurrency group. Halting a run uses the same lock order.
select from pack_runs.audit_heads where tenant_id = $1 for update
