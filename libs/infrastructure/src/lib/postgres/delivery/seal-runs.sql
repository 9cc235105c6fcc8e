-- Stores the evidence of runs of one tenant in one statement: for each its attestation, its exports, the positions of journal and log in the
-- bundle, and the run's status. It deletes the outbox items and the runs' sensitive inputs, and appends an audit entry for each. As everywhere,
-- the counter of the chain is locked after the rows of the runs: the array of marked runs is complete before the first entry is appended. A
-- second caller writes nothing for a run and only removes its item. An attestation of a run that is not sealed was written by somebody else:
-- nothing is written then, and the item stays. A run whose row is locked by somebody is left out, and keeps no other waiting; the statement
-- of a single run waits for it (`postgres-outbox.ts`). `fed_version` tells the trigger of the feed that the event is written here.
-- The status of the run does not say whether it was sealed: the key of its attestation does. Entries are appended only if their number is read. The numbers of the places, and not the arrays, are listed, because
-- their estimated count is the same for all arrays: the plan is kept. Rows are also restricted to the list of keys: PostgreSQL otherwise reads
-- all runs of a tenant and joins them, while it expects a thousand places or has no statistics of a young database.
with given as materialized (
  select s.place, ($2::uuid[])[s.place] as run_id, ($3::uuid[])[s.place] as outbox_id, ($4::text[])[s.place] as bundle
  from generate_subscripts($2::uuid[], 1) s (place)
), free as materialized (
  select g.place, g.run_id, g.outbox_id, g.bundle, before.is_foreign
  from given g join pack_runs.runs r on r.tenant_id = $1 and r.run_id = g.run_id and r.run_id = any (array(select run_id from given))
  cross join lateral (
    select exists (select from pack_artifacts.attestations a where a.tenant_id = $1 and a.run_id = g.run_id
      and (r.evidence_status <> 'sealed' or a.bundle is distinct from 'sha256:' || encode(r.evidence_digest, 'hex'))) as is_foreign
  ) before
  order by g.place for no key update of r skip locked
), sealed as (
  insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statements, sealed_ms)
  select $1, g.run_id, g.bundle, ($5::bigint[])[g.place], ($6::text[])[g.place]::json, pack_runs.now_ms() from free g
  on conflict (tenant_id, run_id) do nothing
  returning run_id
), marked as (
  update pack_runs.runs r set evidence_status = 'sealed', evidence_reason = null, evidence_digest = decode(substr(g.bundle, 8), 'hex'),
    version = pack_runs.next_version(r.version), fed_version = pack_runs.next_version(r.version)
  from given g join sealed s on s.run_id = g.run_id
  where r.tenant_id = $1 and r.run_id = g.run_id and r.run_id = any (array(select run_id from given))
  returning r.run_id, g.place, g.bundle
), told as (
  insert into pack_runs.events (tenant_id, type, run, detail) select $1, 'evidence.sealed', m.run_id, m.bundle from marked m order by m.place
), audited as materialized (
  select pack_runs.append_audits($1, array(select ($10::text[])[m.place] from marked m order by m.place)) as seq
), exported as (
  insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms)
  select $1, s.run_id, ($12::text[])[x.place], ($13::boolean[])[x.place], pack_runs.now_ms()
  from generate_subscripts($11::uuid[], 1) x (place) join sealed s on s.run_id = ($11::uuid[])[x.place]
), archived as (
  insert into pack_artifacts.archives (tenant_id, run_id, journal_offset, journal_size, journal_sha256)
  select $1, g.run_id, ($7::bigint[])[g.place], ($8::bigint[])[g.place], ($9::bytea[])[g.place]
  from given g join sealed s on s.run_id = g.run_id
), listed as (
  insert into pack_artifacts.archived_chunks (tenant_id, run_id, last_line, chunks)
  select $1, s.run_id, ($15::bigint[])[x.place], ($16::text[])[x.place]::json
  from generate_subscripts($14::uuid[], 1) x (place) join sealed s on s.run_id = ($14::uuid[])[x.place]
), forgotten as (
  delete from pack_runs.sensitive_inputs i using free g where i.tenant_id = $1 and i.run_id = g.run_id and i.run_id = any (array(select run_id from given))
    and not g.is_foreign
), done as (
  delete from pack_runs.outbox o using free g where o.tenant_id = $1 and o.outbox_id = g.outbox_id
    and o.outbox_id = any (array(select outbox_id from given)) and not g.is_foreign
)
select f.run_id is null as locked, coalesce(f.is_foreign, false) as foreign, exists (select from sealed s where s.run_id = g.run_id) as sealed,
  (select a.seq from audited a) as audited,
  (select a.bundle from pack_artifacts.attestations a where a.tenant_id = $1 and a.run_id = g.run_id) as bundle
from given g left join free f on f.place = g.place order by g.place
