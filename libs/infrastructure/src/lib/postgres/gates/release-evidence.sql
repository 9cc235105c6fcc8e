-- Releases a blocked seal atomically: the seal is due again, the signed record is stored, and the audit entry is appended. Without a
-- returned row, the seal is not blocked or another release came first.
with woken as (
  select from pack_runs.wake_seal($1, $2)
), kept as (
  insert into pack_runs.releases (tenant_id, run_id, decided_ms, envelope) select $1, $2, $3, $4 from woken
  returning 1
)
select pack_runs.append_audit($1, $5) as audit_seq from kept
