-- Of all tenants: workers belong to none.
select live, honouring from pack_runs.workforce_enforcing($1::text)
