-- Recorded keys, and whether services need each one: for new rows (the last signing key of each use), or to read rows of runs that are not
-- sealed and of the originals of such reruns. The key id in an envelope is only compared with the recorded ones, so an altered envelope
-- makes no other key needed. Keys with which no webservice has signed are left out. `$1`: these ids only; null: all.
with open_runs as materialized (
  select s.tenant_id, s.run_id, s.rerun_of from pack_runs.runs r
  join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
  where r.evidence_status not in ('sealed', 'refused')
), runs as materialized (
  select tenant_id, run_id from open_runs union select tenant_id, rerun_of from open_runs where rerun_of is not null
), signed as (
  select 'admission' as use, s.admission as envelope from pack_runs.run_sources s
  join runs using (tenant_id, run_id)
  union all
  select 'ledger', l.envelope from (
    select tenant_id, run_id, envelope from pack_runs.decisions
    union all select tenant_id, run_id, envelope from pack_runs.resolutions
    union all select tenant_id, run_id, envelope from pack_runs.releases
  ) l join runs using (tenant_id, run_id)
), named as materialized (
  select distinct use, pack_runs.readable(envelope) -> 'signatures' -> 0 ->> 'keyid' as id from signed
)
select k.use, k.id,
  case when k.use in ('admission', 'ledger') then
    k.recorded_ms = (select max(o.recorded_ms) from pack_runs.keys o where o.use = k.use)
      or exists (select from named n where n.use = k.use and n.id = k.id)
  else pack_runs.is_key_needed(k.use) end as needed
from pack_runs.keys k where k.recorded_ms is not null and ($1::text[] is null or k.id = any ($1::text[])) order by 1, 2
