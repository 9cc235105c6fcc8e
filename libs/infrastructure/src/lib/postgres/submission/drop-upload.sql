-- Nothing came of it: the room is free again.
delete from pack_artifacts.uploads where tenant_id = $1 and upload_id = $2 and digest is null
