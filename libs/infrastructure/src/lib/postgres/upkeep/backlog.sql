-- Backlog of the whole installation, without tenants.
select due_runs, oldest_due_ms, owned_runs, open_gates, pending_evidence, failing_evidence, oldest_evidence_ms, stranded_runs,
  oldest_stranded_ms, live_workers, stuck_attention, stuck_halted, stuck_blocked, stuck_restore, partition_days
from pack_runs.backlog()
