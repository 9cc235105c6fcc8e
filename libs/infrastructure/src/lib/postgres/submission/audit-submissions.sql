-- Appends an audit entry for each of these runs that this transaction has stored. It is the last statement of the transaction, because the
-- counter of the chain stays locked until the commit. A run whose idempotency key was taken gets no entry: it has no row, or one of an earlier
-- transaction whose answer was lost.
-- The limit makes the server look up each run by its key: with EXISTS, the plan of a young database reads all runs of the tenant. The
-- numbers of the places, and not the arrays, are listed, because their estimated count is the same for all arrays: the plan is kept.
select pack_runs.append_audits($1, array(
  select ($3::text[])[s.place]
  from generate_subscripts($2::uuid[], 1) s (place)
  cross join lateral (
    select from pack_runs.runs r
    where r.tenant_id = $1 and r.run_id = ($2::uuid[])[s.place] and r.xmin = pg_current_xact_id()::xid limit 1
  ) stored
  order by ($2::uuid[])[s.place]
)) as audit_seq
