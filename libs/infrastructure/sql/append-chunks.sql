-- Chunks of streams whose run is still held under their fence. One that is there already is the same one, sent again.
with held as (
  select c.* from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::bigint[], $8::bytea[],
      $9::int[], $10::bytea[]) with ordinality
    c (tenant_id, run_id, fence, step, execution, chunk, at_ms, data, lines, sha256, i)
  join pack_runs.runs r on r.tenant_id = c.tenant_id and r.run_id = c.run_id and r.fence = c.fence and r.owner is not null
), stored as (
  insert into pack_run_logs.chunks (tenant_id, run_id, step, execution, chunk, at_ms, data, lines, sha256)
  select tenant_id, run_id, step, execution, chunk, at_ms, data, lines, sha256 from held
  on conflict do nothing
)
select i::int as i from held
