import { sqlMigration } from './sql-migration';

/**
 * A submission is stored in a tenth of the bytes that its admission and its digests had (ADR 112). `submissions` is the table that was
 * `run_sources`: digests are bytes, and control characters in the payload of the admission stand for what the row or every record has. The
 * columns of before are null in new rows, and win in rows of before.
 *
 * `run_sources` is what a service reads, in the columns that it has always had. It has the rights of its reader. A service of the previous
 * release inserts through it. Statements that read many runs take the stored form (`stored_admission`, `admitted`, `signed`, `admitted_digests`), because to spell
 * an admission takes the database 30 µs. Its expressions raise no error and have a bound, whatever the row has been altered to.
 */
export const packedAdmissions = sqlMigration(
  'PackedAdmissions1764000001260',
  String.raw`
-- In the order of a submission, which would otherwise wait for this in the other one.
lock table pack_runs.plans, pack_runs.run_sources in access exclusive mode;
alter table pack_runs.run_sources rename to submissions;
alter table pack_runs.submissions
  alter column plan_hash drop not null, alter column profile_digest drop not null, alter column content_digest drop not null,
  alter column source_digest drop not null, alter column admission drop not null, alter column admission_digest drop not null,
  add column plan_bytes bytea, add column profile_bytes bytea, add column content_bytes bytea, add column source_bytes bytea,
  add column admission_bytes bytea, add column trace_bytes bytea,
  alter column requester drop not null, add column requester_name text,
  alter column manifest drop not null,
  add column admitted text collate "C", add column signed bytea;
-- Checked for new rows only: those of before have the columns of before.
alter table pack_runs.submissions add constraint documents check (
  num_nonnulls(plan_hash, plan_bytes) > 0 and num_nonnulls(profile_digest, profile_bytes) > 0
  and num_nonnulls(content_digest, content_bytes) > 0 and num_nonnulls(source_digest, source_bytes) > 0
  and num_nonnulls(manifest, plan_bytes) > 0 and num_nonnulls(requester, requester_name) > 0 and num_nonnulls(admission_digest, admission_bytes) > 0 and (admission is not null or num_nonnulls(admitted, signed) = 2)
  and (trace_bytes is null or octet_length(trace_bytes) = 26 and get_byte(trace_bytes, 0) = 0)
) not valid;
alter table pack_runs.plans add column manifest text;

create function pack_runs.digest_text(bytes bytea) returns text language sql immutable as $$
  select 'sha256:' || encode(substr(bytes, 1, 32), 'hex')
$$;

-- A traceparent (W3C Trace Context, 3.2): version, trace, parent and flags.
create function pack_runs.trace_text(bytes bytea) returns text language sql immutable as $$
  select encode(substr(bytes, 1, 1), 'hex') || '-' || encode(substr(bytes, 2, 16), 'hex') || '-' || encode(substr(bytes, 18, 8), 'hex')
    || '-' || encode(substr(bytes, 26, 1), 'hex')
$$;

-- The id of a run as everybody sees it: 26 characters of Crockford's base32, of which the first has three bits.
create function pack_runs.run_name(run uuid) returns text language sql immutable as $$
  select 'run_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
    substring(B'00' || ('x' || replace(run::text, '-', ''))::bit(128) from i * 5 + 1 for 5)::bit(5)::integer + 1, 1), '' order by i)
  from generate_series(0, 25) i
$$;

create function pack_runs.admitted_payload(admitted text, signed bytea, run uuid, plan_bytes bytea, profile_bytes bytea, content_bytes bytea, source_bytes bytea)
returns text language sql immutable as $$
  select case when octet_length(admitted) <= 32768 then
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(admitted,
      chr(5), '{"acceptedAt":"'),
      chr(6), 'Z","initiators":[{"iss":"'),
      chr(7), '","kind":"person","sub":"'),
      chr(14), '"}],"nonce":"'),
      chr(15), '","pack":{"contentDigest":"' || chr(3) || '","name":"'),
      chr(16), '","signers":[],"sourceDigest":"' || chr(4) || '","version":"'),
      chr(17), '"},"planHash":"' || chr(1) || '","profileDigest":"' || chr(2) || '","rerunOf":null,"runId":"'),
      chr(18), '","scheduleId":null,"schema":"taskrunner.admission.v1","tenant":"'),
      chr(1), coalesce(pack_runs.digest_text(plan_bytes), '')),
      chr(2), coalesce(pack_runs.digest_text(profile_bytes), '')),
      chr(3), coalesce(pack_runs.digest_text(content_bytes), '')),
      chr(4), coalesce(pack_runs.digest_text(source_bytes), '')),
      chr(19), coalesce(pack_runs.run_name(run), '')),
      chr(20), coalesce(encode(substr(signed, 33, 16), 'hex'), ''))
  end
$$;

create function pack_runs.admission_envelope(payload text, signed bytea, has_nonce boolean) returns json language sql stable as $$
  select coalesce('{"payload":"' || translate(encode(convert_to(payload, 'UTF8'), 'base64'), E'\n', '')
    || '","payloadType":"application/vnd.taskrunner.admission+json","signatures":[{"keyid":"SHA256:'
    || rtrim(encode(substr(signed, 1, 32), 'base64'), '=')
    || '","sig":"' || translate(encode(substr(signed, case when has_nonce then 49 else 33 end, 1024), 'base64'), E'\n', '') || '"}]}', 'null')::json
$$;

-- As member_text, of the first element of a list.
create function pack_runs.first_member_text(list json, member text) returns text language plpgsql immutable as $$
begin
  return case when octet_length(list::text) <= 16777216 then list->0->>member end;
exception when statement_too_complex or untranslatable_character or invalid_text_representation then
  return null;
end $$;

create view pack_runs.run_sources with (security_invoker = true) as
select s.tenant_id, s.run_id,
  coalesce(s.plan_hash, pack_runs.digest_text(s.plan_bytes), '') as plan_hash,
  coalesce(s.profile_digest, pack_runs.digest_text(s.profile_bytes), '') as profile_digest,
  s.pack_name, s.pack_version,
  coalesce(s.content_digest, pack_runs.digest_text(s.content_bytes), '') as content_digest,
  coalesce(s.source_digest, pack_runs.digest_text(s.source_bytes), '') as source_digest,
  coalesce(s.manifest, (select p.manifest from pack_runs.plans p where p.tenant_id = s.tenant_id
    and p.plan_hash = pack_runs.digest_text(s.plan_bytes)), '') as manifest,
  s.files, s.inputs,
  s.initiators,
  coalesce(s.requester, json_build_object('iss', pack_runs.first_member_text(s.initiators, 'iss'),
    'sub', pack_runs.first_member_text(s.initiators, 'sub'), 'name', case when octet_length(s.requester_name) <= 65536 then s.requester_name end)) as requester,
  s.labels,
  coalesce(s.admission, pack_runs.admission_envelope(
    pack_runs.admitted_payload(s.admitted, s.signed, s.run_id, s.plan_bytes, s.profile_bytes, s.content_bytes, s.source_bytes),
    s.signed, strpos(s.admitted, chr(20)) > 0)) as admission,
  coalesce(s.admission_digest, pack_runs.digest_text(s.admission_bytes), '') as admission_digest,
  s.pack_signatures,
  coalesce(s.trace_context, pack_runs.trace_text(s.trace_bytes)) as trace_context,
  s.rerun_of, s.requester_sub, s.forms, s.admission as stored_admission,
  case when octet_length(s.admitted) <= 32768 then s.admitted end as admitted, substr(s.signed, 1, 2048) as signed,
  substr(s.plan_bytes, 1, 32) || substr(s.profile_bytes, 1, 32) || substr(s.content_bytes, 1, 32) || substr(s.source_bytes, 1, 32) as admitted_digests
from pack_runs.submissions s;

create function pack_runs.insert_run_source() returns trigger language plpgsql as $$
begin
  insert into pack_runs.submissions (tenant_id, run_id, plan_hash, profile_digest, pack_name, pack_version, content_digest, source_digest,
    manifest, files, inputs, initiators, requester, labels, admission, admission_digest, pack_signatures, trace_context, rerun_of,
    requester_sub, forms)
  values (new.tenant_id, new.run_id, new.plan_hash, new.profile_digest, new.pack_name, new.pack_version, new.content_digest,
    new.source_digest, new.manifest, new.files, new.inputs, new.initiators, new.requester, new.labels, new.admission,
    new.admission_digest, coalesce(new.pack_signatures, '[]'), new.trace_context, new.rerun_of, new.requester_sub, new.forms);
  return new;
end $$;
create trigger insert_run_source instead of insert on pack_runs.run_sources for each row execute function pack_runs.insert_run_source();

-- The rights of the table that has the name no more.
do $$
declare
  held record;
begin
  for held in
    select r.privilege_type, case r.grantee when 0 then 'public' else r.grantee::regrole::text end as reader
    from pg_class c, aclexplode(c.relacl) r
    where c.oid = 'pack_runs.submissions'::regclass and r.grantee <> c.relowner and r.privilege_type in ('SELECT', 'INSERT', 'DELETE')
  loop
    execute format('grant %s on pack_runs.run_sources to %s', held.privilege_type, held.reader);
  end loop;
end $$;
`,
);
