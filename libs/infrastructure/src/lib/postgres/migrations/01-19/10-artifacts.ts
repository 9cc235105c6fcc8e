import { sqlMigration } from '../sql-migration';

/** Results of runs: artifacts by digest, and at most one sealed evidence bundle per run. */
export const artifacts = sqlMigration(
  'Artifacts1764000000010',
  `
create table pack_artifacts.artifacts (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  artifact_id uuid not null default pack_runs.uuidv7(),
  execution integer not null,
  size bigint not null,
  created_ms bigint not null,
  step text collate "C" not null,
  name text collate "C" not null,
  path text collate "C" not null,
  digest text not null,
  media_type text not null,
  primary key (tenant_id, run_id, artifact_id)
);

create table pack_artifacts.attestations (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  bundle text not null,
  bundle_size bigint not null,
  statement text not null,
  attestations json not null,
  sealed_ms bigint not null,
  primary key (tenant_id, run_id)
);
`,
);
