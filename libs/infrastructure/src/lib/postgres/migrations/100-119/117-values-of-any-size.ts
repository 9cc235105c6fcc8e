import { sqlMigration } from '../sql-migration';

/**
 * What somebody writes into one row keeps no other row from being read, written, backed up or restored.
 *
 * - Documents that PostgreSQL cannot search, because they are too large, count as unreadable and as without digests. The product stores none
 *   of that size.
 * - A document that the server cannot parse can be restored as one that nobody can read.
 * - No service writes a value of more than 128 MiB into most tables whose rows are read together with others. Statements about several runs read
 *   larger ones as altered ones: the owner of the tables can write them.
 * - A position in a feed is possible up to 2^52. If the stored head of a feed is none, the feed goes on after its last event up to 2^51, so that
 *   it never comes to the end. Events behind the head have positions that nobody gave them, and get others.
 */
export const valuesOfAnySize = sqlMigration(
  'ValuesOfAnySize1764000001170',
  String.raw`
create or replace function pack_runs.readable(document json) returns json language sql immutable as $$
  select case when octet_length(document::text) < 134217728 then
    case when document::text !~* '(^|[^\\])(\\\\)*\\u(0000|d[89a-f])' then
      case when octet_length(document::text) < 4096 then document when pack_runs.is_parsed(document) then document end
    end
  end
$$;

create or replace function pack_runs.names_digests(files json, inputs json) returns boolean language sql immutable as $$
  select case when octet_length(files::text) < 134217728 then files::text ~ 'sha256:[0-9a-f]{64}' else false end
    or case when octet_length(inputs::text) < 134217728 then inputs::text ~ 'sha256:[0-9a-f]{64}' else false end
$$;
create or replace function pack_runs.digests_in(files json, inputs json) returns text[] language sql immutable as $$
  select array(
    select m[1] from regexp_matches(case when octet_length(files::text) < 134217728 then files::text end, 'sha256:[0-9a-f]{64}', 'g') m
    union
    select m[1] from regexp_matches(case when octet_length(inputs::text) < 134217728 then inputs::text end, 'sha256:[0-9a-f]{64}', 'g') m)
$$;

-- The document, or one in its place if the server cannot parse it: readers refuse it.
create function pack_runs.parsed(document text) returns json language plpgsql immutable as $$
begin
  return document::json;
exception when statement_too_complex or invalid_text_representation or untranslatable_character then
  return '"a document that nobody can read"';
end $$;

-- The value, or one in its place that its readers refuse if it has more bytes. Statements about rows of several runs read values that somebody
-- may have written through it. The size of a compressed text is known without reading it.
create function pack_runs.bounded(value text, most integer) returns text language sql immutable as $$
  select case when octet_length(value) > most then '' else value end
$$;
create function pack_runs.bounded(value bytea, most integer) returns bytea language sql immutable as $$
  select case when octet_length(value) > most then ''::bytea else value end
$$;
-- A document of less than 64 KiB as it is stored has less than 16 MiB, however well it is compressed.
create function pack_runs.bounded(value json, most integer) returns json language sql stable as $$
  select case when pg_column_size(value) < 65536 then value when octet_length(value::text) > most then '"a document that nobody can read"' else value end
$$;

create or replace function pack_runs.place_events(tenant text, most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  stored bigint;
  head bigint;
  placed integer;
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return 0;
  end if;
  select h.position into stored from pack_runs.event_heads h where h.tenant_id = tenant;
  if coalesce(stored, 0) between 0 and 4503599627370496 - most
    and not exists (select from pack_runs.events e where e.tenant_id = tenant and e.position is null)
    and not exists (select from pack_runs.events e where e.tenant_id = tenant and e.position > coalesce(stored, 0) and e.position <= 4503599627370496) then
    return 0;
  end if;
  insert into pack_runs.event_heads (tenant_id) values (tenant) on conflict do nothing;
  select h.position into stored from pack_runs.event_heads h where h.tenant_id = tenant for update;
  head := greatest(
    case when stored between 0 and 4503599627370496 - most then stored end,
    (select max(e.position) from pack_runs.events e where e.tenant_id = tenant and e.position between 1 and 2251799813685248),
    0);
  -- Nobody gave them these positions.
  update pack_runs.events e set position = null where e.tenant_id = tenant and e.position > head and e.position <= 4503599627370496;
  with next as (
    select e.event_id, row_number() over (order by e.event_id) as n from pack_runs.events e
    where e.tenant_id = tenant and e.position is null order by e.event_id limit most
  )
  update pack_runs.events e set position = head + next.n from next
  where e.tenant_id = tenant and e.position is null and e.event_id = next.event_id;
  get diagnostics placed = row_count;
  update pack_runs.event_heads h set position = head + placed, removed = least(h.removed, head) where h.tenant_id = tenant;
  return placed;
end $$;

-- Refuses values of more than 128 MiB in a table, in the columns that it has now. A migration calls it again after it has added a column. Each
-- table has a function of its own, because a condition of a trigger is planned anew for each statement.
create function pack_runs.bound_values(relation regclass) returns void language plpgsql as $$
declare
  name text;
  large text;
  larger text;
begin
  select c.relname,
    string_agg(format('%1$s(new.%2$I) > 134217728', sized.by, a.attname), ' or ' order by a.attnum),
    string_agg(format('%1$s(new.%2$I) > greatest(134217728, %1$s(old.%2$I))', sized.by, a.attname), ' or ' order by a.attnum)
    into name, large, larger
  from pg_class c join pg_attribute a on a.attrelid = c.oid,
    lateral (select case when a.atttypid in ('text'::regtype, 'bytea'::regtype) then 'octet_length' else 'pg_column_size' end as by) sized
  where c.oid = relation and a.attnum > 0 and not a.attisdropped and a.attlen = -1
  group by c.relname;
  if large is null then
    return;
  end if;
  execute format(
    'create or replace function pack_runs.bound_%s() returns trigger language plpgsql as $f$
    begin
      if %s then
        if tg_op = ''INSERT'' or %s then
          raise exception ''a value has more than 128 MiB'' using errcode = ''54000'';
        end if;
      end if;
      return new;
    end $f$', name, large, larger);
  execute format('create or replace trigger bound before insert or update on %s for each row execute function pack_runs.bound_%s()', relation, name);
end $$;
revoke execute on function pack_runs.bound_values(regclass) from public;

-- Rows that each run writes have none: a trigger takes a tenth of an update, and a run would take a thirtieth longer. Logs, journals, steps and the
-- like are read one run or one tenant at a time. What reads the others for several runs reads larger values as altered ones (bounded).
select pack_runs.bound_values(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind = 'r' and not c.relispartition
  and c.relname not in ('migrations', 'idempotency', 'run_sources', 'run_labels', 'sensitive_inputs', 'plans', 'profiles',
    'runs', 'steps', 'inbox', 'executions', 'outbox', 'assignments', 'events', 'gates', 'decisions', 'audit', 'audit_heads', 'artifacts',
    'attestations');
`,
);
