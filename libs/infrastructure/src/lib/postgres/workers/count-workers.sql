-- Covers all tenants, because workers belong to none.
select live, honouring from pack_runs.workforce_enforcing($1::text)
