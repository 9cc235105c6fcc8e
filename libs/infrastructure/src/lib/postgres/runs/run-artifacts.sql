-- Artifacts of a run in the order in which they were collected.
select artifact_id, step, execution, name, path, digest, size, media_type, created_ms
from pack_artifacts.artifacts where tenant_id = $1 and run_id = $2 order by created_ms, artifact_id
