-- The referee's own record in the database of a campaign: the holder of a run at each page, changes of holders, and changes of a run's
-- status. It is written by triggers in the writer's transaction, so that no write can bypass it. The product contains no code for it.
create schema chaos;

create table chaos.pages (run_id uuid, first_seq bigint, fence bigint, run_fence bigint, at timestamptz default clock_timestamp());
create table chaos.hands (run_id uuid, owner uuid, worker text, fence bigint, at timestamptz default clock_timestamp());
create table chaos.statuses (run_id uuid, old_status text, new_status text, at timestamptz default clock_timestamp());

create function chaos.on_page() returns trigger language plpgsql security definer as $$
begin
  insert into chaos.pages (run_id, first_seq, fence, run_fence)
  select new.run_id, new.first_seq, new.fence, r.fence from pack_runs.runs r
  where r.tenant_id = new.tenant_id and r.run_id = new.run_id;
  return null;
end $$;

create function chaos.on_run() returns trigger language plpgsql security definer as $$
begin
  if new.owner is distinct from old.owner then
    insert into chaos.hands (run_id, owner, worker, fence)
    values (new.run_id, new.owner, (select name from pack_runs.workers where worker_id = new.owner), new.fence);
  end if;
  if new.status is distinct from old.status then
    insert into chaos.statuses (run_id, old_status, new_status) values (new.run_id, old.status, new.status);
  end if;
  return null;
end $$;

create trigger chaos_page after insert on pack_run_logs.journal for each row execute function chaos.on_page();
create trigger chaos_run after update on pack_runs.runs for each row
  when (old.owner is distinct from new.owner or old.status is distinct from new.status) execute function chaos.on_run();
