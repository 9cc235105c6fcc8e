-- Stored projections of a run, for comparison with its replayed state.
select
  coalesce((select r.journaled_steps from pack_runs.runs r where r.tenant_id = $1 and r.run_id = $2), false) as "areStepsJournaled",
  (select coalesce(json_agg(json_build_object('step', step, 'status', pack_runs.bounded(status, 1024)) order by step), '[]') from pack_runs.steps
    where tenant_id = $1 and run_id = $2) as steps,
  (select coalesce(json_agg(json_build_object('gate', gate, 'state', pack_runs.bounded(state, 1024),
    'gateDigest', pack_runs.bounded(gate_digest, 1024)) order by gate), '[]')
    from pack_runs.gates where tenant_id = $1 and run_id = $2) as gates
