import { sqlMigration } from '../sql-migration';

/**
 * The trace of a run (W3C `traceparent` of its submission), which workers continue. Also the backlog of the whole installation as numbers
 * without a tenant, for metrics of both services; `web` may query nothing else across tenants. The owner needs its own policies for that,
 * because row-level security is forced on the owner too.
 */
export const traceContext = sqlMigration(
  'TraceContext1764000000180',
  `
alter table pack_runs.run_sources add column trace_context text collate "C"
  check (trace_context ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');

create policy backlog on pack_runs.gates for select to taskrunner_owner using (true);
create policy backlog on pack_runs.outbox for select to taskrunner_owner using (true);

create function pack_runs.backlog()
returns table (due_runs bigint, oldest_due_ms bigint, owned_runs bigint, open_gates bigint, pending_evidence bigint,
  failing_evidence bigint, oldest_evidence_ms bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with due as (
    select count(*) as runs, min(due_at) as since from pack_runs.runs where owner is null and due_at <= now()
  ), evidence as (
    select count(*) as runs, count(reason) as failing,
      min(('x' || left(replace(outbox_id::text, '-', ''), 12))::bit(48)::bigint) as since_ms
    from pack_runs.outbox where kind = 'attest'
  )
  select due.runs, greatest(0, (extract(epoch from now() - due.since) * 1000)::bigint),
    (select count(*) from pack_runs.runs where owner is not null),
    (select count(*) from pack_runs.gates where state = 'open' and expires_at > now()),
    evidence.runs, evidence.failing, greatest(0, (extract(epoch from now()) * 1000)::bigint - evidence.since_ms)
  from due, evidence
$$;

revoke execute on function pack_runs.backlog() from public;
grant execute on function pack_runs.backlog() to taskrunner_web, taskrunner_worker;
`,
);
