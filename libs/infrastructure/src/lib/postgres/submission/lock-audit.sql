-- The counter of a tenant's audit chain, before a concurrency group is entered: whoever halts a run locks them in this order.
select from pack_runs.audit_heads where tenant_id = $1 for update
