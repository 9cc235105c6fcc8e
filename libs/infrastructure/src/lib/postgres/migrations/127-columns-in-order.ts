import { sqlMigration } from './sql-migration';

/**
 * The table of runs with its columns in the order in which they change. PostgreSQL logs an update within a page from the first byte that
 * differs to the last one, so what a claim, a flush, the end and the seal of a run change stands together (ADR 112): a run wrote 300 bytes
 * more of log. A new column that seldom changes belongs at the end, where `alter table` puts it.
 *
 * The table is written once, which takes as long as its indexes. Its rights, policies, indexes and triggers are those that it had.
 */
export const columnsInOrder = sqlMigration(
  'ColumnsInOrder1764000001270',
  `
create table pack_runs.ordered_runs (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  created_ms bigint not null,
  inbox_seq bigint not null default 0,
  cancel_position bigint not null default 0,
  refused_position bigint not null default 0,
  last_decided_ms bigint not null default 0,
  seen bigint not null default 0,
  last_line bigint not null default 0,
  snapshot_seq bigint,
  alone_fence bigint,
  crashes integer not null default 0,
  in_line boolean not null default false,
  unplaced boolean not null default false,
  environment_digest bytea not null,
  isolation text collate "C" not null,
  worker_labels text[] collate "C" not null default '{}',
  passed_by uuid[] not null default '{}',
  concurrency_group text collate "C",
  unhonoured text collate "C",
  evidence_reason text,
  altered json,
  message json,
  error json,
  -- A claim.
  fence bigint not null default 0,
  claim_seq integer not null default 0,
  owner uuid,
  -- The start and the end.
  due_at timestamptz,
  due_set_at timestamptz default clock_timestamp(),
  started_ms bigint,
  finished_ms bigint,
  status text collate "C" not null default 'queued',
  waits json,
  outputs json,
  journaled_steps boolean,
  -- Each flush.
  last_seq bigint not null default 0,
  committed_at timestamptz,
  head bytea,
  counts json,
  version bigint not null default 1,
  fed_version bigint,
  -- The seal.
  evidence_digest bytea,
  evidence_status text collate "C" not null default 'none',
  stuck text collate "C" generated always as (pack_runs.stuck_of(status, evidence_status, counts, owner)) stored
) with (fillfactor = 50);

do $$
declare
  old constant regclass := 'pack_runs.runs'::regclass;
  columns text;
  rights text[];
  policies text[];
  indexes text[];
  triggers text[];
  definition text;
begin
  -- Those that both have: a migration that is repeated in a test may lack a column.
  select string_agg(quote_ident(a.attname), ', ') into columns from pg_attribute a
  where a.attrelid = old and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
  select array_agg(format('grant %s on pack_runs.runs to %s%s', r.privilege_type,
    case r.grantee when 0 then 'public' else r.grantee::regrole::text end, case when r.is_grantable then ' with grant option' else '' end))
    into rights from pg_class c, aclexplode(c.relacl) r where c.oid = old and r.grantee <> c.relowner;
  select rights || array_agg(format('grant %s (%I) on pack_runs.runs to %s%s', r.privilege_type, a.attname,
    case r.grantee when 0 then 'public' else r.grantee::regrole::text end, case when r.is_grantable then ' with grant option' else '' end))
    into rights from pg_attribute a, aclexplode(a.attacl) r where a.attrelid = old and not a.attisdropped;
  select array_agg(format('create policy %I on pack_runs.runs as %s for %s to %s%s%s', p.policyname, p.permissive, p.cmd,
    (select string_agg(quote_ident(role), ', ') from unnest(p.roles) role),
    ' using (' || p.qual || ')', ' with check (' || p.with_check || ')')) into policies
  from pg_policies p where p.schemaname = 'pack_runs' and p.tablename = 'runs';
  select array_agg(pg_get_indexdef(i.indexrelid)) into indexes from pg_index i where i.indrelid = old and not i.indisprimary;
  select array_agg(pg_get_triggerdef(t.oid)) into triggers from pg_trigger t where t.tgrelid = old and not t.tgisinternal;

  alter table pack_runs.runs no force row level security;
  execute format('insert into pack_runs.ordered_runs (%1$s) select %1$s from pack_runs.runs', columns);
  drop table pack_runs.runs;
  alter table pack_runs.ordered_runs rename to runs;
  alter table pack_runs.runs add constraint runs_pkey primary key (tenant_id, run_id);
  alter table pack_runs.runs enable row level security, force row level security;
  foreach definition in array rights || policies || indexes || triggers loop
    execute definition;
  end loop;
end $$;
`,
);
