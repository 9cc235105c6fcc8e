-- Marks unneeded objects as suspects, and returns those that an earlier pass marked long enough ago. The placeholder /*needed*/ stands for
-- a query of the digests among $2 that are referred to.
with needed as materialized (
  /*needed*/
), unneeded as (
  select d.digest from unnest($2::text[]) d (digest) where not exists (select from needed n where n.digest = d.digest)
), cleared as (
  delete from pack_artifacts.object_suspects s using needed n where s.tenant_id = $1 and s.digest = n.digest
), noted as (
  insert into pack_artifacts.object_suspects as s (tenant_id, digest) select $1, digest from unneeded
  on conflict (tenant_id, digest) do update set looked_at = clock_timestamp()
)
select s.digest from pack_artifacts.object_suspects s join unneeded u on u.digest = s.digest
where s.tenant_id = $1 and s.seen_at <= clock_timestamp() - $3 * interval '1 millisecond'
