-- What the whole installation has before it: numbers without a tenant.
select due_runs, oldest_due_ms, owned_runs, open_gates, pending_evidence, failing_evidence, oldest_evidence_ms from pack_runs.backlog()
