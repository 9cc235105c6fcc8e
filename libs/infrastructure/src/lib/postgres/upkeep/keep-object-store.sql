select pack_artifacts.keep_object_store($1, $2) as id
