select signatures from pack_runs.pack_versions where tenant_id = $1 and content_digest = $2 order by first_ms desc limit 1
