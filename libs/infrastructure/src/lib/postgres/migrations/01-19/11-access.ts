import { sqlMigration } from '../sql-migration';

/**
 * Rights of the roles. Row-level security is enabled and forced on every table: `web` sees the tenant of its transaction; `worker`,
 * `maintain` and `audit` see all rows of the tables that they are granted. `web` may update only the counters of a run that sending
 * messages and deciding require. Pages, decisions, audit entries and attestations are inserted and read, never changed. No role has rights
 * on partitions.
 */
export const access = sqlMigration(
  'Access1764000000011',
  `
do $$
declare
  t regclass;
begin
  for t in
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p')
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
  loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy web on %s to taskrunner_web using (tenant_id = current_setting(''taskrunner.tenant'', true))', t);
    execute format('create policy trusted on %s to taskrunner_worker, taskrunner_maintain using (true)', t);
  end loop;
end $$;

alter table pack_runs.workers enable row level security, force row level security;
create policy trusted on pack_runs.workers to taskrunner_worker, taskrunner_maintain using (true);
create policy auditor on pack_runs.audit for select to taskrunner_audit using (true);
create policy auditor on pack_runs.audit_heads for select to taskrunner_audit using (true);
create policy auditor on pack_runs.decisions for select to taskrunner_audit using (true);
create policy auditor on pack_artifacts.attestations for select to taskrunner_audit using (true);

grant usage on schema pack_runs, pack_run_logs, pack_artifacts to taskrunner_web, taskrunner_worker, taskrunner_maintain, taskrunner_audit;

grant select, insert on pack_runs.plans, pack_runs.profiles, pack_runs.runs, pack_runs.run_sources, pack_runs.run_labels,
  pack_runs.idempotency, pack_runs.inbox, pack_runs.decisions, pack_runs.audit, pack_runs.audit_heads to taskrunner_web;
grant select on pack_runs.steps, pack_runs.gates, pack_run_logs.journal, pack_run_logs.chunks, pack_run_logs.places,
  pack_artifacts.artifacts, pack_artifacts.attestations to taskrunner_web;
grant update (inbox_seq, due_at, cancel_position, last_decided_ms, version) on pack_runs.runs to taskrunner_web;
grant update (state, approvals, counted, ended_ms) on pack_runs.gates to taskrunner_web;
grant update on pack_runs.idempotency, pack_runs.audit_heads to taskrunner_web;

grant select, insert, update, delete on pack_runs.workers, pack_runs.outbox to taskrunner_worker;
grant select, insert, update on pack_runs.steps, pack_runs.gates, pack_runs.audit_heads to taskrunner_worker;
grant select, update on pack_runs.runs to taskrunner_worker;
grant select, insert on pack_runs.audit, pack_run_logs.journal, pack_run_logs.chunks, pack_run_logs.places,
  pack_artifacts.artifacts, pack_artifacts.attestations to taskrunner_worker;
grant select on pack_runs.plans, pack_runs.profiles, pack_runs.run_sources, pack_runs.run_labels, pack_runs.inbox,
  pack_runs.decisions to taskrunner_worker;

grant select on pack_runs.audit, pack_runs.audit_heads, pack_runs.decisions, pack_artifacts.attestations to taskrunner_audit;
grant select on pack_runs.migrations to taskrunner_web, taskrunner_worker, taskrunner_maintain;
`,
);
