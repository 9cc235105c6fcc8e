-- Stores the evidence of a run in one statement: the attestation, its exports, the positions of journal and log in the bundle, and the
-- run's status. It deletes the outbox item and the run's sensitive inputs, and appends an audit entry. As everywhere, the counter of the
-- chain is locked after the run's row. A second caller writes nothing and only removes the item. `fed_version` tells the trigger of the feed
-- that the event is written here.
with sealed as (
  insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statement, statements, sealed_ms)
  values ($1, $2, $4, $5, $6, $7, pack_runs.now_ms())
  on conflict (tenant_id, run_id) do nothing
  returning 1
), marked as (
  update pack_runs.runs r set evidence_status = 'sealed', evidence_reason = null, evidence_digest = decode(substr($4::text, 8), 'hex'),
    version = pack_runs.next_version(r.version), fed_version = pack_runs.next_version(r.version)
  from sealed where r.tenant_id = $1 and r.run_id = $2
  returning 1
), told as (
  insert into pack_runs.events (tenant_id, type, run, detail) select $1, 'evidence.sealed', $2, $4 from marked
), audited as materialized (
  select pack_runs.append_audit($1, $15) as seq from marked
), exported as (
  insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms)
  select $1, $2, x.destination, x.artifacts, pack_runs.now_ms()
  from unnest($8::text[], $9::boolean[]) x (destination, artifacts) cross join sealed
), archived as (
  insert into pack_artifacts.archives (tenant_id, run_id, journal_offset, journal_size, journal_sha256)
  select $1, $2, $10, $11, $12 from sealed
), listed as (
  insert into pack_artifacts.archived_chunks (tenant_id, run_id, last_line, chunks)
  select $1, $2, x.last_line, x.chunks::json from unnest($13::bigint[], $14::text[]) x (last_line, chunks) cross join sealed
), forgotten as (
  delete from pack_runs.sensitive_inputs where tenant_id = $1 and run_id = $2
), done as (
  delete from pack_runs.outbox where tenant_id = $1 and outbox_id = $3
)
select exists (select from sealed) as sealed, exists (select from audited) as audited,
  (select bundle from pack_artifacts.attestations where tenant_id = $1 and run_id = $2) as bundle
