-- Stored projections of a run, for comparison with its replayed state.
select
  (select coalesce(json_agg(json_build_object('step', step, 'status', status) order by step), '[]') from pack_runs.steps
    where tenant_id = $1 and run_id = $2) as steps,
  (select coalesce(json_agg(json_build_object('gate', gate, 'state', state, 'gateDigest', gate_digest) order by gate), '[]')
    from pack_runs.gates where tenant_id = $1 and run_id = $2) as gates
