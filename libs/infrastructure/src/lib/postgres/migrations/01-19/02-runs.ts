import { sqlMigration } from '../sql-migration';

/**
 * The two rows of a run. `runs` changes with each commit: it is narrow, and its pages have room for updates in place. `run_sources` has
 * what was admitted: it is wide and is never updated. `owner`, `fence`, `last_seq` and `inbox_seq` guard every flush. Only `due_at`
 * determines when a run needs a worker.
 */
export const runs = sqlMigration(
  'Runs1764000000002',
  `
create table pack_runs.plans (
  tenant_id text collate "C" not null,
  plan_hash text collate "C" not null,
  plan text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, plan_hash)
);

create table pack_runs.profiles (
  tenant_id text collate "C" not null,
  profile_digest text collate "C" not null,
  profile text not null,
  environment_digest text not null,
  environment text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, profile_digest)
);

create table pack_runs.runs (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  created_ms bigint not null,
  owner uuid,
  fence bigint not null default 0,
  due_at timestamptz,
  inbox_seq bigint not null default 0,
  cancel_position bigint not null default 0,
  last_decided_ms bigint not null default 0,
  started_ms bigint,
  finished_ms bigint,
  crashes integer not null default 0,
  claim_seq integer not null default 0,
  environment_digest bytea not null,
  evidence_digest bytea,
  isolation text collate "C" not null,
  evidence_status text collate "C" not null default 'none',
  status text collate "C" not null default 'queued',
  -- What every flush changes stands together: the log then holds little more than these.
  last_seq bigint not null default 0,
  seen bigint not null default 0,
  last_line bigint not null default 0,
  version bigint not null default 1,
  head bytea,
  counts json,
  waits json,
  outputs json,
  error json,
  primary key (tenant_id, run_id)
) with (fillfactor = 50);

create index runs_due on pack_runs.runs (tenant_id, environment_digest, due_at) where owner is null and due_at is not null;
create index runs_owned on pack_runs.runs (owner) where owner is not null;
create index runs_by_status on pack_runs.runs (tenant_id, status, run_id);

create table pack_runs.run_sources (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  plan_hash text collate "C" not null,
  profile_digest text collate "C" not null,
  pack_name text collate "C" not null,
  pack_version text not null,
  content_digest text not null,
  source_digest text not null,
  manifest text not null,
  files json not null,
  inputs json not null,
  initiators json not null,
  requester json not null,
  labels json not null,
  admission json not null,
  admission_digest text not null,
  primary key (tenant_id, run_id)
);

create index run_sources_by_pack on pack_runs.run_sources (tenant_id, pack_name, run_id);

create table pack_runs.run_labels (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  key text collate "C" not null,
  value text collate "C" not null,
  primary key (tenant_id, run_id, key)
);

create index run_labels_by_value on pack_runs.run_labels (tenant_id, key, value, run_id);

create table pack_runs.idempotency (
  tenant_id text collate "C" not null,
  iss text collate "C" not null,
  sub text collate "C" not null,
  route text collate "C" not null,
  key text collate "C" not null,
  body_digest text not null,
  run_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, iss, sub, route, key)
);

create function pack_runs.shown_status(status text, cancel_position bigint, seen bigint) returns text language sql immutable as $$
  select case when cancel_position > seen and status in ('queued', 'running', 'waiting') then 'cancelling' else status end
$$;
`,
);
