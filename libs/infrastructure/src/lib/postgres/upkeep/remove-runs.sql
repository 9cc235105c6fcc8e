-- Removes up to $5 runs of a tenant that are past retention, with all of their rows, in order after run $4. Sealed runs are removed if they
-- ended before $2, cancelled ones whose evidence was refused if they ended before $3. A run stays if it is held, if announcements or exports
-- of it are pending, or if it is the original of an active rerun. Evidence stays; objects are collected when nothing refers to them. Must run
-- after the lock of the tenant's holds, in its transaction.
-- Statistics of a young database, and of the outbox at any time, are far from its rows. So nothing here is joined: each run is looked up by
-- key, with scalar queries, which PostgreSQL does not turn into joins, and rows are found by the keys of all runs. Pending seals have no key
-- by run. They are read once, if their list fits in work_mem (retention.ts). Partitions can be left out by the first and the last run, and
-- not by the list.
with past as materialized (
  select r.run_id from pack_runs.runs r
  where r.tenant_id = $1 and r.run_id > $4
    and r.run_id < pack_run_logs.uuid_floor((pack_runs.from_ms($2) at time zone 'UTC')::date + 1)
    and (
      r.evidence_status = 'sealed' and r.finished_ms < $2
        and (select true from pack_artifacts.archives a where a.tenant_id = $1 and a.run_id = r.run_id)
      or r.evidence_status = 'refused' and r.status = 'cancelled' and r.finished_ms < $3
    )
    and (select true from pack_runs.holds h where h.tenant_id = $1 and h.run_id = r.run_id) is null
    and (
      -- The order is that of the index, which PostgreSQL does not take if it expects that many announcements are of this run.
      select true from pack_runs.outbox o where o.tenant_id = $1 and o.run_id = r.run_id and o.kind = 'announce'
      order by o.tenant_id, o.run_id, o.stream, o.place limit 1
    ) is null
    -- Without a condition on the status: the index of pending exports has no key by run.
    and (select bool_or(e.status = 'pending') from pack_artifacts.exports e where e.tenant_id = $1 and e.run_id = r.run_id) is not true
    and (
      select true from pack_runs.run_sources s
      where s.tenant_id = $1 and s.rerun_of = r.run_id
        and (select again.finished_ms is null from pack_runs.runs again where again.tenant_id = $1 and again.run_id = s.run_id)
      limit 1
    ) is null
    and r.run_id not in (select o.run_id from pack_runs.outbox o where o.tenant_id = $1 and o.kind = 'attest')
  order by r.run_id limit $5
), them as materialized (
  select ids, ids[1] as first, ids[cardinality(ids)] as last from (select array_agg(p.run_id order by p.run_id) as ids from past p) p
), labels as (
  delete from pack_runs.run_labels t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), inbox as (
  delete from pack_runs.inbox t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), steps as (
  delete from pack_runs.steps t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), gates as (
  delete from pack_runs.gates t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), decisions as (
  delete from pack_runs.decisions t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), resolutions as (
  delete from pack_runs.resolutions t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), releases as (
  delete from pack_runs.releases t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), assignments as (
  delete from pack_runs.assignments t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), executions as (
  delete from pack_runs.executions t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), sensitive as (
  delete from pack_runs.sensitive_inputs t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), pages as (
  delete from pack_run_logs.journal t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
    and t.run_id between (select first from them) and (select last from them)
), chunks as (
  delete from pack_run_logs.chunks t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
    and t.run_id between (select first from them) and (select last from them)
), places as (
  delete from pack_run_logs.places t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
    and t.run_id between (select first from them) and (select last from them)
), artifacts as (
  delete from pack_artifacts.artifacts t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), stored as (
  delete from pack_artifacts.stored_values t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), exports as (
  delete from pack_artifacts.exports t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), listed as (
  delete from pack_artifacts.archived_chunks t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), archived as (
  delete from pack_artifacts.archives t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), sources as (
  delete from pack_runs.submissions t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
), removed as (
  delete from pack_runs.runs t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
)
select coalesce(cardinality(ids), 0)::int as removed, last::text from them
