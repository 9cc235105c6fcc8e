import { sqlMigration } from './sql-migration';

/**
 * A document that is nested so deeply that the operators of json run out of stack is read as null. It was stored by somebody with another
 * `max_stack_depth`, and one such row would fail a query about others. So would a count of steps that is no number, where a run becomes due.
 */
export const documentsOfAnyDepth = sqlMigration(
  'DocumentsOfAnyDepth1764000001130',
  String.raw`
-- True if the operators of json can walk through the document.
create function pack_runs.is_walkable(document json) returns boolean language plpgsql immutable as $$
begin
  perform document->'';
  return true;
exception when statement_too_complex then
  return false;
end $$;

-- Each level has two brackets, and a thousand levels need little stack. Only a longer text is tried.
create or replace function pack_runs.readable(document json) returns json language sql immutable as $$
  select case when document::text !~* '(^|[^\\])(\\\\)*\\u(0000|d[89a-f])'
    and case when length(document::text) <= 2000 then true else pack_runs.is_walkable(document) end then document end
$$;

create or replace function pack_runs.member_text(document json, member text) returns text language plpgsql immutable as $$
begin
  return document->>member;
exception when untranslatable_character or invalid_text_representation or statement_too_complex then
  return null;
end $$;

create or replace function pack_runs.mark_in(altered json) returns json language sql immutable as $$
  select case when json_typeof(pack_runs.readable(altered)) = 'object' then
    case when altered->>'code' = 'DOCUMENT_ALTERED' and json_typeof(altered->'message') = 'string' then altered end
  end
$$;

create or replace function pack_runs.stuck_of(status text, evidence_status text, counts json, owner uuid) returns text language sql immutable as $$
  select case
    when status = 'halted' then 'halted'
    when evidence_status = 'blocked' then 'blocked'
    when status in ('succeeded', 'failed', 'cancelled') then null
    when pack_runs.is_nobody(owner) then 'restore'
    when pack_runs.readable(counts)->>'needs_attention' ~ '^0*[1-9][0-9]*$' then 'attention'
  end
$$;
`,
);
