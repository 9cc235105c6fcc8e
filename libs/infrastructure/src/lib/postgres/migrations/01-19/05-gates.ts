import { sqlMigration } from '../sql-migration';

/**
 * Gates and decisions. The row of a gate serializes its decisions (docs/guides/approvals.md, Deciding). `approvals` counts towards
 * `minApprovals`. `counted` has one entry per approval: the person and, after the separator, the delegator. Decisions are only inserted.
 */
export const gates = sqlMigration(
  'Gates1764000000005',
  `
create table pack_runs.gates (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  gate text collate "C" not null,
  approval text not null,
  state text collate "C" not null check (state in ('open', 'approved', 'rejected', 'expired', 'closed')),
  gate_digest text not null,
  request json not null,
  show json,
  required integer not null check (required > 0),
  approvals integer not null default 0 check (approvals >= 0),
  counted text[] not null default '{}',
  expires_at timestamptz not null,
  opened_ms bigint not null,
  ended_ms bigint,
  primary key (tenant_id, run_id, gate)
) with (fillfactor = 70);

create index gates_open on pack_runs.gates (tenant_id, opened_ms desc) where state = 'open';

create table pack_runs.decisions (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  decision_id text collate "C" not null,
  gate text collate "C" not null,
  decision text not null check (decision in ('approved', 'rejected', 'withdrawn')),
  iss text collate "C" not null,
  sub text collate "C" not null,
  decided_ms bigint not null,
  record_digest text not null,
  envelope json not null,
  response json,
  primary key (tenant_id, run_id, decision_id)
);

create index decisions_by_gate on pack_runs.decisions (tenant_id, run_id, gate, decided_ms);
`,
);
