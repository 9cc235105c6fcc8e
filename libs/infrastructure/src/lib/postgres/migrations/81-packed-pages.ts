import { sqlMigration } from './sql-migration';

/**
 * Pages are stored packed (`packed-page.ts`): a fifth of their bytes on the disk and in the log. What was written before is kept as it is,
 * under the number that says so; the owner may read it for this migration alone.
 */
export const packedPages = sqlMigration(
  'PackedPages1764000000820',
  `
alter table pack_run_logs.journal add column content bytea;
alter table pack_run_logs.journal no force row level security;
update pack_run_logs.journal set content = '\\x00'::bytea
  || convert_to(entries || coalesce(E'\\n' || held, ''), 'UTF8');
alter table pack_run_logs.journal force row level security;
alter table pack_run_logs.journal alter column content set not null, alter column content set storage external;
alter table pack_run_logs.journal drop column entries, drop column held;
`,
);
