import { sqlMigration } from '../sql-migration';

/**
 * Releases of blocked seals. A blocked seal waits (`outbox.due_at` is infinite) until an operator acts; `runs.evidence_reason` has the
 * reason. A release is a signed record with which an operator lets the seal be tried again, with or without certain files of the bundle.
 * Releases are only inserted. The webservice cannot read the outbox. A function lets it make a blocked seal of its tenant due, and nothing
 * else.
 */
export const releases = sqlMigration(
  'Releases1764000000870',
  `
alter table pack_runs.runs add column evidence_reason text;

create table pack_runs.releases (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  decided_ms bigint not null,
  envelope json not null,
  primary key (tenant_id, run_id, decided_ms)
);

alter table pack_runs.releases enable row level security, force row level security;
create policy web on pack_runs.releases to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.releases to taskrunner_worker, taskrunner_maintain using (true);
create policy auditor on pack_runs.releases for select to taskrunner_audit using (true);
grant select, insert on pack_runs.releases to taskrunner_web;
grant select on pack_runs.releases to taskrunner_worker, taskrunner_audit;
grant select, delete on pack_runs.releases to taskrunner_maintain;

create policy releases on pack_runs.outbox for update to taskrunner_owner using (true);

create function pack_runs.wake_seal(tenant text, run uuid) returns setof boolean
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update pack_runs.outbox set due_at = now()
  where tenant_id = tenant and tenant = current_setting('taskrunner.tenant', true) and run_id = run
    and kind = 'attest' and due_at = 'infinity'
  returning true
$$;

revoke execute on function pack_runs.wake_seal(text, uuid) from public;
grant execute on function pack_runs.wake_seal(text, uuid) to taskrunner_web;
`,
);
