-- Decisions and resolutions of a run at a time ($3) or later.
select 'decision' as document, d.envelope, d.decided_ms from pack_runs.decisions d
where d.tenant_id = $1 and d.run_id = $2 and d.decided_ms >= $3::bigint
union all
select 'resolution', x.envelope, x.decided_ms from pack_runs.resolutions x
where x.tenant_id = $1 and x.run_id = $2 and x.decided_ms >= $3::bigint
