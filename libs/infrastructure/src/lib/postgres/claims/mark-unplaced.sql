-- Removes due runs that request labels of no living worker from the claims' index and records the reason. Runs whose labels are available
-- again return. Label sets are found by a skip scan, one probe per set; 500 runs of each kind at a time.
with recursive offered as (
  select w.labels collate "C" as labels from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp()
), due (asked) as (
  (select r.worker_labels from pack_runs.runs r
   where r.owner is null and r.due_at is not null and not r.unplaced and r.worker_labels <> '{}'
   order by r.worker_labels limit 1)
  union all
  select (
    select r.worker_labels from pack_runs.runs r
    where r.owner is null and r.due_at is not null and not r.unplaced and r.worker_labels <> '{}' and r.worker_labels > d.asked
    order by r.worker_labels limit 1
  ) from due d where d.asked is not null
), put_by (asked) as (
  (select r.worker_labels from pack_runs.runs r where r.unplaced order by r.worker_labels limit 1)
  union all
  select (
    select r.worker_labels from pack_runs.runs r where r.unplaced and r.worker_labels > p.asked
    order by r.worker_labels limit 1
  ) from put_by p where p.asked is not null
), lost as (
  select r.tenant_id, r.run_id from pack_runs.runs r
  where r.owner is null and r.due_at is not null and not r.unplaced and r.worker_labels <> '{}'
    and r.worker_labels in (select d.asked from due d where not exists (select from offered o where d.asked <@ o.labels))
  limit 500 for update skip locked
), found as (
  select r.tenant_id, r.run_id from pack_runs.runs r
  where r.unplaced and r.owner is null and r.unhonoured is null and pack_runs.fits_indexes(r.tenant_id, r.worker_labels, r.environment_digest)
    and r.worker_labels in (select p.asked from put_by p where exists (select from offered o where p.asked <@ o.labels))
  limit 500 for update skip locked
), marked as (
  update pack_runs.runs r set unplaced = true, status = case r.status when 'cancelling' then r.status else 'waiting' end,
    version = pack_runs.next_version(r.version),
    waits = json_build_array(json_build_object('kind', 'workers', 'id', array_to_string(r.worker_labels, ','),
      'since', to_char(greatest(coalesce(r.due_at, now()), 'epoch') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'until', null))
  from lost l where r.tenant_id = l.tenant_id and r.run_id = l.run_id
  returning 1
), unmarked as (
  update pack_runs.runs r set unplaced = false, waits = '[]', version = pack_runs.next_version(r.version),
    status = case when r.last_seq = 0 then 'queued' else r.status end
  from found f where r.tenant_id = f.tenant_id and r.run_id = f.run_id
  returning 1
)
select (select count(*) from marked)::int as marked, (select count(*) from unmarked)::int as unmarked
