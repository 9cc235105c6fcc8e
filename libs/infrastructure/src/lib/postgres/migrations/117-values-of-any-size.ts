import { sqlMigration } from './sql-migration';

/**
 * What somebody writes into one row keeps no other row from being read, written, backed up or restored.
 *
 * - A document that the server cannot parse can be restored as one that nobody can read.
 * - A group goes on to a run that has not ended.
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

create or replace function pack_runs.leave_group() returns trigger language plpgsql as $$
declare
  eldest uuid;
begin
  perform from pack_runs.groups g
  where g.tenant_id = new.tenant_id and g.name = new.concurrency_group and g.holder = new.run_id for update;
  if not found then
    return null;
  end if;
  select r.run_id into eldest from pack_runs.runs r
  where r.tenant_id = new.tenant_id and r.concurrency_group = new.concurrency_group and r.in_line
    and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
  order by r.run_id limit 1 for update;
  if eldest is null then
    delete from pack_runs.groups g where g.tenant_id = new.tenant_id and g.name = new.concurrency_group;
    return null;
  end if;
  update pack_runs.groups g set holder = eldest where g.tenant_id = new.tenant_id and g.name = new.concurrency_group;
  update pack_runs.runs r set in_line = false, due_at = clock_timestamp(), version = pack_runs.next_version(r.version),
    status = case when r.status = 'waiting' then 'queued' else r.status end,
    waits = case when r.status = 'waiting' then '[]' else r.waits end
  where r.tenant_id = new.tenant_id and r.run_id = eldest;
  return null;
end $$;
`,
);
