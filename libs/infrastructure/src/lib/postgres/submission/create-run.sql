-- Accepts a run in one statement: the idempotency key is taken first, and only who took it writes the rest. No row returned:
-- the key is taken (ON CONFLICT waits for a concurrent owner), and the caller re-reads whose it is. A concurrency group is entered
-- last: its row stays locked until the commit, and a run that refuses to wait takes the statement with it (TR002).
with taken as (
  insert into pack_runs.idempotency (tenant_id, iss, sub, route, key, body_digest, run_id)
  select $1, $24, $25, $26, $23, $27, $2::uuid where $23::text is not null
  on conflict (tenant_id, iss, sub, route, key) do update
    set body_digest = excluded.body_digest, run_id = excluded.run_id, created_at = clock_timestamp()
    where idempotency.created_at < clock_timestamp() - interval '7 days'
  returning run_id
), accepted as (
  select $2::uuid as run_id where $23::text is null or exists (select from taken)
), plan as (
  insert into pack_runs.plans (tenant_id, plan_hash, plan)
  select $1, $3, $4 from accepted on conflict do nothing
), profile as (
  insert into pack_runs.profiles (tenant_id, profile_digest, profile, environment_digest, environment)
  select $1, $5, $6, 'sha256:' || encode($7::bytea, 'hex'), $8 from accepted on conflict do nothing
), source as (
  insert into pack_runs.run_sources (tenant_id, run_id, plan_hash, profile_digest, pack_name, pack_version, content_digest,
    source_digest, manifest, files, inputs, initiators, requester, labels, admission, admission_digest, trace_context,
    pack_signatures, rerun_of)
  select $1, run_id, $3, $5, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $29::text, $30, $36::uuid from accepted
), sensitive as (
  insert into pack_runs.sensitive_inputs (tenant_id, run_id, name, sealed)
  select $1, run_id, s.key, decode(s.value, 'base64') from accepted, json_each_text($31::json) s
), labels as (
  insert into pack_runs.run_labels (tenant_id, run_id, key, value)
  select $1, run_id, l.key, l.value from accepted, json_each_text($19::json) l
)
insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, counts, worker_labels,
  concurrency_group, in_line, status, waits, due_at)
select $1, a.run_id, $7::bytea, $9, $22::bigint, $28::json, $32::text[], $33::text, g.waits,
  case when g.waits then 'waiting' else 'queued' end, case when g.waits then $35::json end,
  case when not g.waits then clock_timestamp() end
from accepted a cross join lateral (
  select case when $33::text is null then false else pack_runs.enter_group($1, $33, a.run_id, $34::boolean) end as waits
) g
returning run_id, in_line
