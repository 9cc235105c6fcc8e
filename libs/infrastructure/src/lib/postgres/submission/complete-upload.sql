-- Marks an upload as complete after its bytes were stored. It replaces earlier uploads of the same bytes. Its reservation may have expired
-- in the meantime.
with earlier as (
  delete from pack_artifacts.uploads where tenant_id = $1 and digest = $5 and upload_id <> $2
)
insert into pack_artifacts.uploads as u (tenant_id, upload_id, iss, sub, digest, size, expires_at)
values ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7 * interval '1 millisecond')
on conflict (tenant_id, upload_id) do update
  set digest = excluded.digest, size = excluded.size, expires_at = excluded.expires_at
returning floor(extract(epoch from u.expires_at) * 1000)::bigint as expires_ms
