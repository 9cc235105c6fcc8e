-- Of all tenants: workers belong to none.
select live, honouring from pack_runs.workforce($1::bytea)
