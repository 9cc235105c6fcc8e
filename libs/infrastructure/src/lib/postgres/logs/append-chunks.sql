-- Appends chunks of streams whose run is still held under their fence. One statement takes all chunks that a worker's executions wrote
-- during the previous one. An existing chunk is the same chunk, sent again. The bytes of all chunks are one value that is cut here, because
-- an array of bytea would be sent as hexadecimal text. The same applies to the digests.
with held as (
  select c.*, substring($11::bytea from c.first + 1 for c.size) as data,
    substring($12::bytea from (c.i::int - 1) * 32 + 1 for 32) as sha256
  from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::int[], $10::int[],
      $13::int[])
    with ordinality c (tenant_id, run_id, fence, step, execution, chunk, at_ms, lines, first, size, attempt, i)
  join pack_runs.runs r on r.tenant_id = c.tenant_id and r.run_id = c.run_id and r.fence = c.fence and num_nulls(r.owner) = 0
), stored as (
  insert into pack_run_logs.chunks (tenant_id, run_id, step, attempt, execution, chunk, at_ms, data, lines, sha256)
  select tenant_id, run_id, step, attempt, execution, chunk, at_ms, data, lines, sha256 from held
  on conflict do nothing
)
select i::int as i from held
