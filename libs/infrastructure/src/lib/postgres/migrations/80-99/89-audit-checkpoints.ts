import { sqlMigration } from '../sql-migration';

/**
 * Signed checkpoints of each tenant's audit chain. They are inserted and read, never changed or removed; an outside party that keeps copies
 * detects missing entries. `web` signs them. One query over all tenants returns the names of the tenants that are due, and nothing else.
 */
export const auditCheckpoints = sqlMigration(
  'AuditCheckpoints1764000000890',
  `
create table pack_runs.audit_checkpoints (
  tenant_id text collate "C" not null,
  seq bigint not null,
  head bytea not null,
  at_ms bigint not null,
  envelope json not null,
  primary key (tenant_id, seq)
);
alter table pack_runs.audit_checkpoints enable row level security, force row level security;
create policy web on pack_runs.audit_checkpoints to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.audit_checkpoints for select to taskrunner_maintain using (true);
create policy auditor on pack_runs.audit_checkpoints for select to taskrunner_audit using (true);
create policy due on pack_runs.audit_checkpoints for select to taskrunner_owner using (true);
create policy due on pack_runs.audit_heads for select to taskrunner_owner using (true);
grant select, insert on pack_runs.audit_checkpoints to taskrunner_web;
grant select on pack_runs.audit_checkpoints to taskrunner_maintain, taskrunner_audit;

create function pack_runs.due_checkpoints(every_ms bigint, most integer) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select h.tenant_id from pack_runs.audit_heads h
  left join lateral (
    select c.seq, c.at_ms from pack_runs.audit_checkpoints c where c.tenant_id = h.tenant_id order by c.seq desc limit 1
  ) last on true
  where last.seq is null or (last.seq <> h.seq and last.at_ms <= pack_runs.now_ms() - every_ms)
  order by last.at_ms nulls first limit most
$$;
revoke execute on function pack_runs.due_checkpoints(bigint, integer) from public;
grant execute on function pack_runs.due_checkpoints(bigint, integer) to taskrunner_web;
`,
);
