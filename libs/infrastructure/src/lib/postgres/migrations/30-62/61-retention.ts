import { sqlMigration } from '../sql-migration';

/**
 * Legal holds: runs of which nothing may be removed at any age. The `maintain` role sets and lifts them, each time with an entry in the
 * tenant's audit chain; no service may. The lock orders a hold and a removal: the second one sees the effect of the first.
 */
export const retention = sqlMigration(
  'Retention1764000000610',
  `
create table pack_runs.holds (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  reason text not null check (reason <> ''),
  since_ms bigint not null default pack_runs.now_ms(),
  primary key (tenant_id, run_id)
);
alter table pack_runs.holds enable row level security, force row level security;
create policy trusted on pack_runs.holds to taskrunner_maintain using (true);
create policy auditor on pack_runs.holds for select to taskrunner_audit using (true);
grant select on pack_runs.holds to taskrunner_audit;

create function pack_runs.hold_run(tenant text, run uuid, reason text, event text) returns boolean language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('retention ' || tenant, 0));
  if not exists (select from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run)
    and not exists (select from pack_artifacts.attestations a where a.tenant_id = tenant and a.run_id = run) then
    return false;
  end if;
  insert into pack_runs.holds as h (tenant_id, run_id, reason) values (tenant, run, hold_run.reason)
  on conflict (tenant_id, run_id) do update set reason = excluded.reason;
  perform pack_runs.append_audit(tenant, event);
  return true;
end $$;

create function pack_runs.release_run(tenant text, run uuid, event text) returns boolean language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('retention ' || tenant, 0));
  delete from pack_runs.holds h where h.tenant_id = tenant and h.run_id = run;
  if not found then
    return false;
  end if;
  perform pack_runs.append_audit(tenant, event);
  return true;
end $$;

revoke execute on function pack_runs.hold_run(text, uuid, text, text), pack_runs.release_run(text, uuid, text) from public;
`,
);
