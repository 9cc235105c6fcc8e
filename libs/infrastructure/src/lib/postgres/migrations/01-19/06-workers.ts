import { sqlMigration } from '../sql-migration';

/**
 * Worker sessions and their leases. Since `steady_since` the renewals of a session have been in time: only then may it reclaim runs of
 * expired sessions.
 */
export const workers = sqlMigration(
  'Workers1764000000006',
  `
create table pack_runs.workers (
  worker_id uuid primary key,
  name text not null,
  version text not null,
  build text not null,
  probe text not null,
  isolation text collate "C" not null,
  environments bytea[] not null,
  labels text[] not null,
  state text not null default 'live' check (state in ('live', 'dead')),
  lease_ms integer not null,
  lease_until timestamptz not null,
  renewed_at timestamptz not null,
  steady_since timestamptz not null
) with (fillfactor = 50);
`,
);
