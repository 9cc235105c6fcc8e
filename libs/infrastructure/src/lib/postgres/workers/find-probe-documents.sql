select digest, document from pack_runs.probe_documents where digest = any($1::bytea[])
