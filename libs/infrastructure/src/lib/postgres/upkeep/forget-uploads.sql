-- Deletes expired uploads. A submission that found one just before has ten minutes to write the run that refers to it.
delete from pack_artifacts.uploads where tenant_id = $1 and expires_at < clock_timestamp() - interval '10 minutes'
returning 1
