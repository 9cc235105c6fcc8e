-- Removes a schedule with its ticks. Its runs remain.
with removed as (
  delete from pack_runs.schedules where tenant_id = $1 and schedule_id = $2::uuid returning schedule_id
), history as (
  delete from pack_runs.schedule_ticks t using removed where t.tenant_id = $1 and t.schedule_id = removed.schedule_id
), audited as (
  select pack_runs.append_audit($1, $3) from removed
)
select (select count(*) from removed)::int as made, (select count(*) from audited)::int as audited
