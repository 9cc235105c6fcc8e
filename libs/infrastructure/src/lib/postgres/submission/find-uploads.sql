-- Of these digests, those that the tenant has uploaded and that are still accepted.
select digest, max(size) as size from pack_artifacts.uploads
where tenant_id = $1 and digest = any($2::text[]) and expires_at > clock_timestamp()
group by digest
