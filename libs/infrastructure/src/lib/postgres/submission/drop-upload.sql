-- Removes a failed upload, which frees its reserved space.
delete from pack_artifacts.uploads where tenant_id = $1 and upload_id = $2 and digest is null
