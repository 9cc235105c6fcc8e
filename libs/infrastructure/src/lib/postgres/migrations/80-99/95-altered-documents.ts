import { sqlMigration } from '../sql-migration';

/**
 * Runs with a document that was found altered. `altered` shows it to readers. A run that has not ended is halted in the same statement, as
 * a worker would halt it: no owner, no due time and a new fence, so that its current driver cannot write any more. A function lets the
 * webservice do exactly this to a run of its tenant, and nothing else to these columns.
 */
export const alteredDocuments = sqlMigration(
  'AlteredDocuments1764000000950',
  `
alter table pack_runs.runs add column altered json;

create policy altered on pack_runs.runs for update to taskrunner_owner using (true);
create policy altered on pack_runs.audit_heads for update to taskrunner_owner using (true);
-- The end of a run hands its concurrency group on, by a trigger of the same statement.
create policy altered on pack_runs.groups to taskrunner_owner using (true);

create function pack_runs.mark_altered(tenant text, run uuid, finding json) returns setof boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return;
  end if;
  -- Run, counter of the audit chain, concurrency group: in the order of everybody who halts a run.
  perform from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run for update;
  perform from pack_runs.audit_heads h where h.tenant_id = tenant for update;
  return query update pack_runs.runs r set altered = finding, version = r.version + 1,
    owner = case when ended.already then r.owner end,
    due_at = case when ended.already then r.due_at end,
    in_line = case when ended.already then r.in_line else false end,
    fence = case when ended.already then r.fence else r.fence + 1 end,
    status = case when ended.already then r.status else 'halted' end,
    evidence_status = case when ended.already then r.evidence_status else 'refused' end,
    waits = case when ended.already then r.waits else '[]' end,
    error = case when ended.already then r.error else finding end
  from (
    select e.tenant_id, e.run_id, e.status in ('succeeded', 'failed', 'cancelled', 'halted') as already
    from pack_runs.runs e where e.tenant_id = tenant and e.run_id = run
  ) ended
  where r.tenant_id = ended.tenant_id and r.run_id = ended.run_id and r.altered is null
  returning true;
end $$;

revoke execute on function pack_runs.mark_altered(text, uuid, json) from public;
grant execute on function pack_runs.mark_altered(text, uuid, json) to taskrunner_web;
`,
);
