import { sqlMigration } from '../sql-migration';

/**
 * A column of the type `json` admits `\u0000` and halves of surrogate pairs, which no operator reads: one such row would fail a query about
 * others. A mark that has one is none, and statements read such a document as null. Workers with lists that nobody writes are not shown.
 */
export const readableTexts = sqlMigration(
  'ReadableTexts1764000001100',
  String.raw`
-- The document; null for one with a text that no operator reads. An even number of backslashes before it is not an escape.
create function pack_runs.readable(document json) returns json language sql immutable as $$
  select case when document::text !~* '(^|[^\\])(\\\\)*\\u(0000|d[89a-f])' then document end
$$;

create or replace function pack_runs.mark_in(altered json) returns json language sql immutable as $$
  select case when json_typeof(pack_runs.readable(altered)) = 'object' then
    case when altered->>'code' = 'DOCUMENT_ALTERED' and json_typeof(altered->'message') = 'string' then altered end
  end
$$;

create or replace function pack_runs.fleet(after uuid, most integer)
returns table (worker_id uuid, name text, version text, build text, isolation text, environments bytea[], labels text[], slots integer,
  since_ms bigint, renewed_ms bigint, lease_until_ms bigint, probe text, probe_document text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.worker_id, w.name, w.version, w.build, w.isolation, w.environments, w.labels, w.slots,
    -- The time in a UUID of version 7.
    ('x' || left(replace(w.worker_id::text, '-', ''), 12))::bit(48)::bigint,
    floor(extract(epoch from w.renewed_at) * 1000)::bigint, floor(extract(epoch from w.lease_until) * 1000)::bigint,
    w.probe, (select p.document from pack_runs.probe_documents p where 'sha256:' || encode(p.digest, 'hex') = w.probe)
  from pack_runs.workers w
  where w.state = 'live' and w.lease_until > clock_timestamp() and w.lease_until < clock_timestamp() + interval '1 day'
    and w.renewed_at > 'epoch' and w.renewed_at < clock_timestamp() + interval '1 day'
    -- The first UUID after the year 9999.
    and w.worker_id < 'e677d21f-dc00-0000-0000-000000000000'
    -- Lists without members have no dimension.
    and coalesce(array_ndims(w.environments), 1) = 1 and coalesce(array_ndims(w.labels), 1) = 1
    and not exists (select from unnest(w.environments) e where e is null or length(e) <> 32)
    and not exists (select from unnest(w.labels) l where l is null)
    and (fleet.after is null or w.worker_id > fleet.after)
  order by w.worker_id limit fleet.most
$$;
`,
);
