select pack_runs.keep_journal_key($1) as recorded
