import { sqlMigration } from '../sql-migration';

/** Letters keep their place and their dedupe key after they are read: `runs.seen` says how far the journal has come. */
export const inbox = sqlMigration(
  'Inbox1764000000003',
  `
create table pack_runs.inbox (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  position bigint not null,
  dedupe text collate "C" not null,
  given json not null,
  envelope json,
  response json,
  posted_ms bigint not null,
  primary key (tenant_id, run_id, position),
  unique (tenant_id, run_id, dedupe)
);
`,
);
