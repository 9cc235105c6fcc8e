import { sqlMigration } from '../sql-migration';

/**
 * Messages to runs. A message keeps its position and its deduplication key after it was read. `runs.seen` is the position that the journal
 * has reached.
 */
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
