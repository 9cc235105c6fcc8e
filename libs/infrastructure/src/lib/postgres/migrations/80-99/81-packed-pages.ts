import { sqlMigration } from '../sql-migration';

/**
 * The format number of a page. Pages are stored packed (`packed-page.ts`), which needs a fifth of the bytes on disk and in the write-ahead
 * log. Existing pages stay as they are, with the number of their format. The owner may read pages only for this migration.
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
