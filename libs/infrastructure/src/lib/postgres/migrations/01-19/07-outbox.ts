import { sqlMigration } from '../sql-migration';

/** Messages that are sent after a commit, written in that commit. Claiming a row moves its `due_at`, which is its lease. */
export const outbox = sqlMigration(
  'Outbox1764000000007',
  `
create table pack_runs.outbox (
  tenant_id text collate "C" not null,
  outbox_id uuid not null default pack_runs.uuidv7(),
  run_id uuid not null,
  kind text collate "C" not null check (kind in ('attest', 'announce')),
  body json,
  tries integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  reason text,
  primary key (tenant_id, outbox_id)
) with (fillfactor = 70);

create index outbox_due on pack_runs.outbox (kind, due_at);
`,
);
