select pack_runs.keep_sensitive_key($1) as recorded
