-- Removes up to $5 runs of a tenant that are past retention, with all of their rows, in order after run $4. Sealed runs are removed if they
-- ended before $2, those whose evidence was refused before $3. A run stays if it is held, if announcements or exports of it are pending, or
-- if it is the original of an active rerun. Evidence stays; objects are collected when nothing refers to them. Must run after the lock of
-- the tenant's holds, in its transaction.
with past as materialized (
  select r.run_id from pack_runs.runs r
  where r.tenant_id = $1 and r.run_id > $4
    and r.run_id < pack_run_logs.uuid_floor((pack_runs.from_ms($2) at time zone 'UTC')::date + 1)
    and (
      r.evidence_status = 'sealed' and r.finished_ms < $2
        and exists (select from pack_artifacts.archives a where a.tenant_id = $1 and a.run_id = r.run_id)
      or r.evidence_status = 'refused' and r.status = 'cancelled' and r.finished_ms < $3
    )
    and not exists (select from pack_runs.holds h where h.tenant_id = $1 and h.run_id = r.run_id)
    and not exists (select from pack_runs.outbox o where o.tenant_id = $1 and o.run_id = r.run_id)
    and not exists (
      select from pack_runs.run_sources s join pack_runs.runs again on again.tenant_id = $1 and again.run_id = s.run_id
      where s.tenant_id = $1 and s.rerun_of = r.run_id and again.finished_ms is null)
    and not exists (
      select from pack_artifacts.exports e where e.tenant_id = $1 and e.run_id = r.run_id and e.status = 'pending')
  order by r.run_id limit $5
), labels as (
  delete from pack_runs.run_labels t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), inbox as (
  delete from pack_runs.inbox t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), steps as (
  delete from pack_runs.steps t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), gates as (
  delete from pack_runs.gates t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), decisions as (
  delete from pack_runs.decisions t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), resolutions as (
  delete from pack_runs.resolutions t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), releases as (
  delete from pack_runs.releases t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), assignments as (
  delete from pack_runs.assignments t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), executions as (
  delete from pack_runs.executions t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), sensitive as (
  delete from pack_runs.sensitive_inputs t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), pages as (
  delete from pack_run_logs.journal t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), chunks as (
  delete from pack_run_logs.chunks t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), places as (
  delete from pack_run_logs.places t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), artifacts as (
  delete from pack_artifacts.artifacts t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), stored as (
  delete from pack_artifacts.stored_values t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), exports as (
  delete from pack_artifacts.exports t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), listed as (
  delete from pack_artifacts.archived_chunks t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), archived as (
  delete from pack_artifacts.archives t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), sources as (
  delete from pack_runs.run_sources t using past p where t.tenant_id = $1 and t.run_id = p.run_id
), removed as (
  delete from pack_runs.runs t using past p where t.tenant_id = $1 and t.run_id = p.run_id
)
select count(*)::int as removed, max(run_id::text) as last from past
