import { sqlMigration } from '../sql-migration';

/**
 * Read rights of the worker role. Of a run that was sealed more than ten minutes ago it reads no source, page, line, message, decision or
 * gate, unless a rerun of it is not sealed yet. The limit depends only on what the role cannot undo: it can change the owner and status of
 * every run, but it cannot remove an attestation. The ten minutes are for a worker that is still sealing a run which another worker has
 * sealed meanwhile. The role has no rights on columns that no statement of a worker reads. A function tells the object collector which of
 * the given digests are referred to by runs, including sealed ones, and by schedules, and nothing else.
 */
export const workerReach = sqlMigration(
  'WorkerReach1764000000960',
  `
create policy judged on pack_artifacts.attestations for select to taskrunner_owner using (true);
create policy judged on pack_runs.run_sources for select to taskrunner_owner using (true);

create function pack_runs.is_done_again(tenant text, run uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (
    select from pack_runs.run_sources s where s.tenant_id = tenant and s.rerun_of = run and not exists (
      select from pack_artifacts.attestations a where a.tenant_id = s.tenant_id and a.run_id = s.run_id));
end $$;
revoke execute on function pack_runs.is_done_again(text, uuid) from public;
grant execute on function pack_runs.is_done_again(text, uuid) to taskrunner_worker;

do $$
declare
  t text;
begin
  foreach t in array array['pack_runs.run_sources', 'pack_runs.inbox', 'pack_runs.gates', 'pack_runs.decisions', 'pack_runs.resolutions',
    'pack_runs.releases', 'pack_run_logs.journal', 'pack_run_logs.chunks', 'pack_run_logs.places'] loop
    execute format('alter policy trusted on %s to taskrunner_maintain', t);
    -- One probe a row, by the key of attestations: a call of a function takes ten times as long. As a value, not EXISTS: that may be planned as one
    -- table of all that is sealed.
    execute format('create policy reach on %1$s for select to taskrunner_worker using ('
      '(select a.sealed_ms < pack_runs.now_ms() - 600000 from pack_artifacts.attestations a '
      'where a.tenant_id = %1$s.tenant_id and a.run_id = %1$s.run_id limit 1) is not true '
      'or pack_runs.is_done_again(tenant_id, run_id))', t);
  end loop;
  foreach t in array array['pack_runs.inbox', 'pack_runs.gates', 'pack_run_logs.journal', 'pack_run_logs.chunks', 'pack_run_logs.places'] loop
    execute format('create policy adds on %s for insert to taskrunner_worker with check (true)', t);
  end loop;
end $$;
create policy changes on pack_runs.gates for update to taskrunner_worker using (true);

create function pack_runs.named_files(tenant text, digests text[]) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select d.digest from pack_runs.run_sources r, unnest(pack_runs.digests_in(r.files, r.inputs)) d (digest)
  where r.tenant_id = tenant and pack_runs.names_digests(r.files, r.inputs)
    and pack_runs.digests_in(r.files, r.inputs) && digests and d.digest = any (digests)
  union all
  select d.digest from pack_runs.schedules s, unnest(pack_runs.digests_in(s.source -> 'files', s.inputs)) d (digest)
  where s.tenant_id = tenant and d.digest = any (digests)
$$;
revoke execute on function pack_runs.named_files(text, text[]) from public;
grant execute on function pack_runs.named_files(text, text[]) to taskrunner_worker;

-- A worker of before would take what it does not see for unneeded: it still asks for schedules, is refused, and removes nothing.
revoke select (tenant_id, source, inputs) on pack_runs.schedules from taskrunner_worker;
drop policy sweep on pack_runs.schedules;

revoke select on pack_runs.run_labels, pack_artifacts.archived_chunks, pack_runs.steps, pack_runs.audit, pack_artifacts.uploads
  from taskrunner_worker;
grant select (tenant_id, run_id, parent, place, step, status) on pack_runs.steps to taskrunner_worker;
grant select (seq) on pack_runs.audit to taskrunner_worker;
grant select (tenant_id, digest, expires_at) on pack_artifacts.uploads to taskrunner_worker;
`,
);
