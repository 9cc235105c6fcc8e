-- Creates runs of a tenant in one statement. The idempotency key is inserted first, and only its owner writes the other rows. A run that is
-- not returned has a key that was taken (ON CONFLICT waits for a concurrent owner); the caller then reads its owner. Documents that runs
-- share are sent once. Keys and documents are inserted in a fixed order, so that concurrent statements wait without a deadlock. Two equal
-- keys in one statement fail with 21000, and each run is then tried separately. A run of a concurrency group is submitted separately: the
-- row of its group stays locked until the commit, and a run that must not wait aborts the statement with TR002. The statement writes
-- the event of each run; `fed_version` tells the trigger so.
-- Arms without rows are removed before the statement is sent (statement-arms.ts, create-statement.ts). Their first line identifies them.
with given as materialized (
  select * from unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::bytea[],
      $10::bytea[], $11::text[], $12::json[], $13::json[], $14::json[], $15::json[], $16::json[], $17::json[], $18::bytea[],
      $19::bigint[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::json[], $26::text[], $27::json[],
      $28::json[], $29::text[], $30::uuid[], $31::text[], $32::boolean[], $33::json[], $34::json[], $35::text[], $36::bytea[],
      $37::text[], $38::text[], $39::bytea[]) with ordinality
    u (run_id, plan_bytes, profile_bytes, environment_digest, isolation, pack_name, pack_version, content_bytes, source_bytes,
      manifest, files, inputs, initiators, requester, labels, admission, admission_bytes, accepted_ms, key, iss, sub, route,
      body_digest, counts, trace_context, pack_signatures, sensitive, worker_labels, rerun_of, concurrency_group, refuses, waits,
      forms, admitted, signed, requester_sub, requester_name, trace_bytes, place)
), taken as (
  insert into pack_runs.idempotency (tenant_id, iss, sub, route, key, body_digest, run_id)
  select $1, g.iss, g.sub, g.route, g.key, g.body_digest, g.run_id from given g where g.key is not null
  order by g.iss, g.sub, g.route, g.key
  on conflict (tenant_id, iss, sub, route, key) do update
    set body_digest = excluded.body_digest, run_id = excluded.run_id, created_at = clock_timestamp()
    where idempotency.created_at < clock_timestamp() - interval '7 days'
  returning run_id
), accepted as materialized (
  select g.* from given g where g.key is null or exists (select from taken t where t.run_id = g.run_id)
), plan as (
  insert into pack_runs.plans (tenant_id, plan_hash, plan, manifest)
  select $1, p.plan_hash, p.plan, p.manifest from unnest($40::text[], $41::text[], $42::text[]) with ordinality p (plan_hash, plan, manifest, place)
  order by p.plan_hash on conflict do nothing
  returning plan_hash, manifest
), profile as (
  insert into pack_runs.profiles (tenant_id, profile_digest, profile, environment_digest, environment)
  select $1, f.profile_digest, f.profile, 'sha256:' || encode(f.environment_digest, 'hex'), f.environment
  from unnest($43::text[], $44::text[], $45::bytea[], $46::text[]) with ordinality
    f (profile_digest, profile, environment_digest, environment, place)
  order by f.profile_digest on conflict do nothing
), source as (
  insert into pack_runs.submissions (tenant_id, run_id, plan_bytes, profile_bytes, pack_name, pack_version, content_bytes,
    source_bytes, manifest, files, inputs, initiators, requester, labels, admission, admission_bytes, trace_bytes, trace_context,
    pack_signatures, rerun_of, requester_sub, forms, admitted, signed, requester_name)
  select $1, a.run_id, a.plan_bytes, a.profile_bytes, a.pack_name, a.pack_version, a.content_bytes, a.source_bytes,
    -- A statement does not see the rows that it inserts, so a new plan is looked up in what was returned.
    case when coalesce(
      (select p.manifest = a.manifest from plan p where p.plan_hash = pack_runs.digest_text(a.plan_bytes)),
      (select p.manifest = a.manifest from pack_runs.plans p
        where p.tenant_id = $1 and p.plan_hash = pack_runs.digest_text(a.plan_bytes) limit 1)
    ) is not true then a.manifest end,
    a.files, a.inputs, a.initiators, a.requester, a.labels, a.admission, a.admission_bytes,
    a.trace_bytes, a.trace_context, a.pack_signatures, a.rerun_of, a.requester_sub, a.forms, a.admitted, a.signed, a.requester_name
  from accepted a
), sensitive as (
  insert into pack_runs.sensitive_inputs (tenant_id, run_id, name, sealed)
  select $1, a.run_id, s.key, decode(s.value, 'base64') from accepted a, json_each_text(a.sensitive) s
), labels as (
  insert into pack_runs.run_labels (tenant_id, run_id, key, value)
  select $1, a.run_id, l.key, l.value from accepted a, json_each_text(a.labels) l
), created as (
  insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, counts, worker_labels,
    concurrency_group, in_line, status, waits, due_at, fed_version)
  select $1, a.run_id, a.environment_digest, a.isolation, a.accepted_ms, a.counts, a.worker_labels::text[], a.concurrency_group, g.waits,
    case when g.waits then 'waiting' else 'queued' end, case when g.waits then a.waits end,
    case when not g.waits then clock_timestamp() end, 0
  from accepted a cross join lateral (
    select case when a.concurrency_group is null then false
      else pack_runs.enter_group($1, a.concurrency_group, a.run_id, a.refuses) end as waits
  ) g
  returning run_id, in_line, status
), told as (
  insert into pack_runs.events (tenant_id, type, run, status) select $1, 'run.created', c.run_id, c.status from created c
)
select run_id, in_line from created
