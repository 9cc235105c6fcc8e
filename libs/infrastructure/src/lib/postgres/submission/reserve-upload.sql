-- Reserves space for an upload. Null if the tenant has none left.
select pack_artifacts.reserve_upload($1, $2, $3, $4, $5, $6) as upload_id
