-- As mark-altered, where the audit chain of the tenant cannot be continued.
select from pack_runs.mark_altered($1, $2, $3::json)
