-- Fair claim. Tenants are found by a skip scan of the index (one probe per tenant, independent of its number of runs), beginning after the
-- tenant served last. Each gets at most ceil(free / active tenants) runs. Runs whose environment this worker does not honour are left to
-- others. The same applies to labels: the label sets of a tenant's runs are found by a skip scan, one probe per set. A run that this worker
-- session passed on is not claimed by it again. With SKIP LOCKED, workers do not wait for each other. A run without pages is marked as
-- such, which saves its driver three queries. A run with a time or a fence that nobody has written must not keep the others waiting: no
-- fence can follow it, so it stays. Plans and profiles that the worker has cached ($5, $6) are not sent again.
-- A value that is too large for this process counts as altered, and ends only its own run.
with recursive me as (
  select string_to_array(w.isolation, ' ') as isolations, w.environments, w.labels collate "C" as labels from pack_runs.workers w
  where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp()
), tenants (tenant_id) as (
  (select r.tenant_id from pack_runs.runs r where r.owner is null and r.due_at is not null and not r.unplaced
   order by r.tenant_id limit 1)
  union all
  select (
    select r.tenant_id from pack_runs.runs r
    where r.owner is null and r.due_at is not null and not r.unplaced and r.tenant_id > t.tenant_id order by r.tenant_id limit 1
  ) from tenants t where t.tenant_id is not null
), kinds as materialized (
  select t.tenant_id, e.digest, s.asked from tenants t, me, unnest(me.environments) e (digest) cross join lateral (
    with recursive sets (asked) as (
      (select r.worker_labels from pack_runs.runs r
       where r.tenant_id = t.tenant_id and r.environment_digest = e.digest and r.owner is null and r.due_at is not null
         and not r.unplaced
       order by r.worker_labels limit 1)
      union all
      select (
        select r.worker_labels from pack_runs.runs r
        where r.tenant_id = t.tenant_id and r.environment_digest = e.digest and r.owner is null and r.due_at is not null
          and not r.unplaced and r.worker_labels > sets.asked
        order by r.worker_labels limit 1
      ) from sets where sets.asked is not null
    )
    select sets.asked from sets where sets.asked <@ me.labels
  ) s
), active as (
  select distinct k.tenant_id from kinds k, me cross join lateral (
    select 1 from pack_runs.runs r
    where r.tenant_id = k.tenant_id and r.environment_digest = k.digest and r.worker_labels = k.asked
      and r.owner is null and r.due_at <= now() and not r.unplaced and r.isolation = any (me.isolations)
      and coalesce($1 <> all (r.passed_by), true)
    order by r.due_at limit 1
  ) due
), turns as (
  select tenant_id, row_number() over (order by tenant_id <= $3, tenant_id) as turn,
    ceil($2::numeric / count(*) over ())::bigint as share
  from active
), ready as (
  select turns.turn, turns.share, due.*, row_number() over (partition by turns.turn order by due.due_at) as place
  from turns join kinds k on k.tenant_id = turns.tenant_id, me cross join lateral (
    select r.tenant_id, r.run_id, r.due_at from pack_runs.runs r
    where r.tenant_id = turns.tenant_id and r.environment_digest = k.digest and r.worker_labels = k.asked
      and r.owner is null and r.due_at <= now() and not r.unplaced and r.isolation = any (me.isolations)
      and coalesce($1 <> all (r.passed_by), true) and r.fence between 0 and 9007199254740990
    order by r.due_at limit turns.share for update skip locked
  ) due
), picked as (
  select tenant_id, run_id, turn, place from ready where place <= share order by turn, place limit $2
-- From here on, `claim-named` is the same.
), claimed as (
  update pack_runs.runs r set owner = $1, fence = r.fence + 1, claim_seq = $4, unhonoured = null
  from picked p where r.tenant_id = p.tenant_id and r.run_id = p.run_id
  returning r.tenant_id, r.run_id, r.fence, r.crashes, r.last_seq, r.last_line, pack_runs.bounded(r.head, 1024) as head, r.snapshot_seq, r.seen, r.inbox_seq,
    r.concurrency_group is not null as in_group,
    case when isfinite(r.due_at) then greatest(0, extract(epoch from clock_timestamp() - r.due_at) * 1000)::float8 else 0 end as waited_ms, p.turn, p.place,
    case when isfinite(r.committed_at) then floor(extract(epoch from r.committed_at) * 1000)::bigint end as committed_ms
)
select c.*, last_page.mac, pack_runs.bounded(s.plan_hash, 65536) as plan_hash, pack_runs.bounded(s.profile_digest, 65536) as profile_digest, pack_runs.bounded(s.pack_name, 65536) as pack_name, pack_runs.bounded(s.pack_version, 65536) as pack_version,
  pack_runs.bounded(s.content_digest, 65536) as content_digest, pack_runs.bounded(s.source_digest, 65536) as source_digest, pack_runs.bounded(s.admission_digest, 65536) as admission_digest, pack_runs.bounded(s.trace_context, 65536) as trace_context,
  pack_runs.bounded(s.manifest, 67108864) as manifest, pack_runs.bounded(s.files, 67108864) as files, pack_runs.bounded(s.stored_admission, 67108864) as admission,
  s.admitted, s.signed, s.admitted_digests, pack_runs.bounded(plans.plan, 67108864) as plan,
  pack_runs.bounded(profiles.profile, 67108864) as profile, pack_runs.bounded(profiles.environment, 67108864) as environment, pack_runs.bounded(s.inputs, 134217728) as inputs,
  c.last_seq = 0 and last_page.mac is null and any_step.found is null and any_gate.found is null as untouched
from claimed c
join pack_runs.run_sources s on s.tenant_id = c.tenant_id and s.run_id = c.run_id
left join pack_runs.plans on s.plan_hash <> all ($5::text[]) and plans.tenant_id = s.tenant_id and plans.plan_hash = s.plan_hash
left join pack_runs.profiles on s.profile_digest <> all ($6::text[])
  and profiles.tenant_id = s.tenant_id and profiles.profile_digest = s.profile_digest
left join lateral (
  select pack_runs.bounded(j.mac, 1024) as mac from pack_run_logs.journal j
  where j.tenant_id = c.tenant_id and j.run_id = c.run_id order by j.first_seq desc limit 1
) last_page on true
-- LIMIT rather than EXISTS: the planner may turn EXISTS into a scan of all steps of all runs for each claim.
left join lateral (
  select true as found from pack_runs.steps t where t.tenant_id = c.tenant_id and t.run_id = c.run_id limit 1
) any_step on true
left join lateral (
  select true as found from pack_runs.gates g where g.tenant_id = c.tenant_id and g.run_id = c.run_id limit 1
) any_gate on true
order by c.turn, c.place
