import { sqlMigration } from './sql-migration';

/**
 * What somebody writes into one row keeps no other row from being read, written, backed up or restored.
 *
 * - A document that the server cannot parse can be restored as one that nobody can read.
 */
export const valuesOfAnySize = sqlMigration(
  'ValuesOfAnySize1764000001170',
  String.raw`
-- The document, or one in its place if the server cannot parse it: readers refuse it.
create function pack_runs.parsed(document text) returns json language plpgsql immutable as $$
begin
  return document::json;
exception when statement_too_complex or invalid_text_representation or untranslatable_character then
  return '"a document that nobody can read"';
end $$;
`,
);
