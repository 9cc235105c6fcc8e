-- Checkpoints of a tenant's audit chain that cover more than $2 entries, in order.
select c.seq, c.head, c.at_ms, c.envelope from pack_runs.audit_checkpoints c
where c.tenant_id = $1 and c.seq > $2 order by c.seq limit $3
