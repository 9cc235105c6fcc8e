-- Entries of a tenant's audit chain after a given one, in order.
select a.seq, a.at_ms, a.prev, a.hash, a.event from pack_runs.audit a
where a.tenant_id = $1 and a.seq > $2 order by a.seq limit $3
