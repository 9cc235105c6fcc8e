import { sqlMigration } from '../sql-migration';

/**
 * Sensitive inputs as ciphertext, kept until the evidence of their run is sealed. The webservice inserts them and never reads them; the
 * worker reads and deletes them. A value cannot be updated. An exchanged value could not be decrypted anyway.
 */
export const sensitiveInputs = sqlMigration(
  'SensitiveInputs1764000000130',
  `
create table pack_runs.sensitive_inputs (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  name text collate "C" not null,
  sealed bytea not null,
  primary key (tenant_id, run_id, name)
);

alter table pack_runs.sensitive_inputs enable row level security, force row level security;
create policy web on pack_runs.sensitive_inputs for insert to taskrunner_web with check (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.sensitive_inputs to taskrunner_worker, taskrunner_maintain using (true);
grant insert on pack_runs.sensitive_inputs to taskrunner_web;
grant select, delete on pack_runs.sensitive_inputs to taskrunner_worker;
`,
);
