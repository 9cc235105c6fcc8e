import { sqlMigration } from '../sql-migration';

/** Documents of sandbox probes by digest. They belong to workers and not to tenants. There are a few rows per worker build and machine. */
export const probeDocuments = sqlMigration(
  'ProbeDocuments1764000000860',
  `
create table pack_runs.probe_documents (
  digest bytea primary key,
  document text not null,
  kept_at timestamptz not null default now()
);
alter table pack_runs.probe_documents enable row level security, force row level security;
create policy trusted on pack_runs.probe_documents to taskrunner_worker, taskrunner_maintain using (true);
grant select, insert on pack_runs.probe_documents to taskrunner_worker;
`,
);
