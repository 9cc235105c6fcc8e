-- A checkpoint is never replaced. Of two checkpoints for the same number of entries, the first one stays.
insert into pack_runs.audit_checkpoints (tenant_id, seq, head, at_ms, envelope) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, seq) do nothing
