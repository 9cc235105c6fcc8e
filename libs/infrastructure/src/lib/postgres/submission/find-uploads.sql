-- The given digests that the tenant has uploaded and that have not expired.
select digest, max(size) as size from pack_artifacts.uploads
where tenant_id = $1 and digest = any($2::text[]) and expires_at > clock_timestamp()
group by digest
