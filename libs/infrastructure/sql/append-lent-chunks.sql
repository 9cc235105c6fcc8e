-- As append-chunks, of executions that are lent: by whoever holds the assignment, under its fence.
with held as (
  select c.* from unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::int[], $7::int[], $8::bigint[],
      $9::bytea[], $10::int[], $11::bytea[]) with ordinality
    c (tenant_id, run_id, name, fence, step, execution, chunk, at_ms, data, lines, sha256, i)
  join pack_runs.assignments a on a.tenant_id = c.tenant_id and a.run_id = c.run_id and a.name = c.name and a.fence = c.fence
    and a.owner is not null
), stored as (
  insert into pack_run_logs.chunks (tenant_id, run_id, step, execution, chunk, at_ms, data, lines, sha256)
  select tenant_id, run_id, step, execution, chunk, at_ms, data, lines, sha256 from held
  on conflict do nothing
)
select i::int as i from held
