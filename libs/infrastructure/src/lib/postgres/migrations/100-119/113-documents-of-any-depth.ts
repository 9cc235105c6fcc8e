import { sqlMigration } from '../sql-migration';

/** The mark of an altered run is read as none if its document cannot be read, however deeply it is nested (migration 112). */
export const documentsOfAnyDepth = sqlMigration(
  'DocumentsOfAnyDepth1764000001130',
  String.raw`
create or replace function pack_runs.mark_in(altered json) returns json language sql immutable as $$
  select case when json_typeof(pack_runs.readable(altered)) = 'object' then
    case when altered->>'code' = 'DOCUMENT_ALTERED' and json_typeof(altered->'message') = 'string' then altered end
  end
$$;
`,
);
