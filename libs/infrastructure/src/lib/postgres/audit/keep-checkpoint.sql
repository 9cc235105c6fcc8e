-- A checkpoint is never replaced: of two that cover as many entries the first stays.
insert into pack_runs.audit_checkpoints (tenant_id, seq, head, at_ms, envelope) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, seq) do nothing
