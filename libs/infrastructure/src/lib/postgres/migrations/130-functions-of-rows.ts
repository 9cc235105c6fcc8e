import { sqlMigration } from './sql-migration';

/**
 * Functions that are called for each changed row of a run and each entry of the audit chain, in PL/pgSQL. For each statement that changes
 * rows, PostgreSQL plans the expressions of generated columns anew, and then parses the body of a function in SQL to put it in its place:
 * 0.1 ms of each flush, claim, submission and seal. A function in PL/pgSQL is parsed once for each connection.
 *
 * The results are the same. A pattern is only matched against counts that have the member, which is left out if it is 0.
 */
export const functionsOfRows = sqlMigration(
  'FunctionsOfRows1764000001300',
  String.raw`
create or replace function pack_runs.counts_attention(counts json) returns boolean language sql immutable as $$
  select case when octet_length(counts::text) < 65536
    then case when strpos(counts::text, '"needs_attention"') > 0 then counts::text ~ '"needs_attention"\s*:\s*[1-9]' else false end
    else false end
$$;

create or replace function pack_runs.stuck_of(status text, evidence_status text, counts json, owner uuid) returns text language plpgsql immutable as $$
begin
  return case
    when status = 'halted' then 'halted'
    when evidence_status = 'blocked' then 'blocked'
    when status in ('succeeded', 'failed', 'cancelled') then null
    when pack_runs.is_nobody(owner) then 'restore'
    when pack_runs.counts_attention(counts) then 'attention'
  end;
end $$;

create or replace function pack_runs.audit_hash(at_ms bigint, event text, prev bytea, seq bigint) returns bytea language plpgsql immutable as $$
begin
  return sha256(convert_to(
    '{"at":' || at_ms || ',"event":' || event || ',"prev":' || coalesce('"sha256:' || encode(prev, 'hex') || '"', 'null')
      || ',"seq":' || seq || '}', 'UTF8'));
end $$;
`,
);
