-- All records that go into the evidence of these runs, from one snapshot.
select r.run_id, pack_runs.shown_status(r.status, r.cancel_position, r.seen) as status, s.pack_name, s.pack_version,
  s.content_digest, s.source_digest, s.stored_admission as admission, s.admitted, s.signed, s.admitted_digests, s.admission_digest, r.altered, s.plan_hash, s.profile_digest, s.requester, s.initiators, s.labels, r.created_ms, r.started_ms,
  r.finished_ms, r.waits, r.stuck, r.counts, r.outputs, r.message, r.error, r.evidence_status, r.evidence_digest, r.evidence_reason, r.last_line, r.version, s.rerun_of,
  r.cancel_position, case when r.cancel_position > 0 then (select json_build_object('input', i.given, 'postedMs', i.posted_ms,
      'isForced', exists (select from pack_runs.inbox f
      where f.tenant_id = r.tenant_id and f.run_id = r.run_id and f.dedupe = 'cancel:force' and f.position <= r.inbox_seq))
    from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id and i.position = r.cancel_position) end as cancel_request,
  coalesce(p.plan, '') as plan, coalesce(f.profile, '') as profile, coalesce(f.environment, '') as environment, s.manifest, s.files, s.pack_signatures, s.inputs,
  (select coalesce(json_agg(json_build_object('gate', g.gate, 'gateDigest', g.gate_digest, 'request', g.request, 'show', g.show,
      'state', g.state) order by g.opened_ms, g.gate), '[]')
    from pack_runs.gates g where g.tenant_id = r.tenant_id and g.run_id = r.run_id) as gates,
  (select coalesce(json_agg(json_build_object('gate', d.gate, 'decisionId', d.decision_id, 'envelope', d.envelope)
      order by d.decided_ms), '[]')
    from pack_runs.decisions d where d.tenant_id = r.tenant_id and d.run_id = r.run_id) as decisions,
  (select coalesce(json_agg(x.envelope order by x.decided_ms, x.step, x.execution), '[]')
    from pack_runs.resolutions x where x.tenant_id = r.tenant_id and x.run_id = r.run_id) as resolutions,
  (select coalesce(json_agg(l.envelope order by l.decided_ms), '[]')
    from pack_runs.releases l where l.tenant_id = r.tenant_id and l.run_id = r.run_id) as releases,
  (select coalesce(json_agg(a order by a.created_ms, a.artifact_id), '[]')
    from pack_artifacts.artifacts a where a.tenant_id = r.tenant_id and a.run_id = r.run_id) as artifacts,
  h.seq as audit_seq, h.head as audit_head,
  written.bytes as journal_bytes, written.digest as journal_digest
from pack_runs.runs r
-- LIMIT rather than a join: a plan that was made while the tables were empty would read all submissions of the tenant for each run.
cross join lateral (select * from pack_runs.run_sources o where o.tenant_id = r.tenant_id and o.run_id = r.run_id limit 1) s
left join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
left join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
left join pack_runs.audit_heads h on h.tenant_id = r.tenant_id
-- The digest is that of `DrivenPages`. A page of a large run, or a large one, is a byte that no digest of theirs has: an altered row costs no
-- memory.
cross join lateral (
  select coalesce(sum(octet_length(j.content)), 0)::float8 as bytes,
    sha256(string_agg(case when j.place <= 256 and octet_length(j.content) + octet_length(j.hash) + octet_length(j.mac) <= 65536
      then int8send(j.first_seq) || int4send(octet_length(j.content)) || int4send(octet_length(j.hash)) || j.content || j.hash || j.mac
      else '\x00' end,
      ''::bytea order by j.first_seq)) as digest
  from (select p.first_seq, p.content, p.hash, p.mac, row_number() over (order by p.first_seq) as place
    from pack_run_logs.journal p where p.tenant_id = r.tenant_id and p.run_id = r.run_id) j
) written
where r.tenant_id = $1 and r.run_id = any ($2::uuid[])
