import { sqlMigration } from './sql-migration';

/**
 * A run is marked and halted whatever its version and its fence are. Somebody else may have written a number that nothing can follow; a
 * version begins again then, and a fence becomes one that no claim has.
 */
export const countersThatEnd = sqlMigration(
  'CountersThatEnd1764000001080',
  `
create or replace function pack_runs.mark_altered(tenant text, run uuid, finding json) returns setof boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return;
  end if;
  -- Run, counter of the audit chain, concurrency group: in the order of everybody who halts a run.
  perform from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run for update;
  perform from pack_runs.audit_heads h where h.tenant_id = tenant for update;
  return query update pack_runs.runs r set altered = finding,
    -- Up to the last whole number that its readers can count.
    version = case when r.version between 0 and 9007199254740990 then r.version + 1 else 0 end,
    owner = case when ended.already then r.owner end,
    due_at = case when ended.already then r.due_at end,
    in_line = case when ended.already then r.in_line else false end,
    fence = case when ended.already then r.fence when r.fence between 0 and 9007199254740990 then r.fence + 1 else -1 end,
    status = case when ended.already then r.status else 'halted' end,
    evidence_status = case when ended.already then r.evidence_status else 'refused' end,
    waits = case when ended.already then r.waits else '[]' end,
    error = case when ended.already then r.error else finding end
  from (
    select e.tenant_id, e.run_id, e.status in ('succeeded', 'failed', 'cancelled', 'halted') as already
    from pack_runs.runs e where e.tenant_id = tenant and e.run_id = run
  ) ended
  where r.tenant_id = ended.tenant_id and r.run_id = ended.run_id
    and (not ended.already or pack_runs.mark_in(r.altered) is null)
  returning true;
end $$;
`,
);
