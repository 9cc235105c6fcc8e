-- Removes suspects that this pass did not find unneeded again: they are deleted, young or needed.
delete from pack_artifacts.object_suspects
where tenant_id = $1 and looked_at < clock_timestamp() - ($2 + 1000) * interval '1 millisecond'
