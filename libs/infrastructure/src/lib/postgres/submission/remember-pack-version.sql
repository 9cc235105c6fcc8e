-- Stores and returns the first content that a tenant used under a version. Signatures change only together with that content.
insert into pack_runs.pack_versions as v (tenant_id, name, version, content_digest, artifact_digest, registry, signatures, first_ms)
values ($1, $2, $3, $4, $5, $6, $7, (extract(epoch from clock_timestamp()) * 1000)::bigint)
on conflict (tenant_id, name, version) do update
  set signatures = case when v.content_digest = excluded.content_digest then excluded.signatures else v.signatures end
returning content_digest
