-- Like append-chunks, for dispatched executions: their holder writes under the fence of the assignment.
with held as (
  select c.*, substring($11::bytea from c.first + 1 for c.size) as data,
    substring($12::bytea from (c.i::int - 1) * 32 + 1 for 32) as sha256
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::int[], $10::int[],
      $13::int[], $14::text[])
    with ordinality c (tenant_id, run_id, fence, step, execution, chunk, at_ms, lines, first, size, attempt, name, i)
  join pack_runs.assignments a on a.tenant_id = c.tenant_id and a.run_id = c.run_id and a.name = c.name and a.fence = c.fence
    and a.owner is not null
), stored as (
  insert into pack_run_logs.chunks (tenant_id, run_id, step, attempt, execution, chunk, at_ms, data, lines, sha256)
  select tenant_id, run_id, step, attempt, execution, chunk, at_ms, data, lines, sha256 from held
  on conflict do nothing
)
select i::int as i from held
