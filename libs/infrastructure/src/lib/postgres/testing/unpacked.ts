/** Takes back the migration `PackedAdmissions`, since when the table `run_sources` has another name. What new rows have is lost. */
export const UNPACKED = `
drop view pack_runs.run_sources;
drop function pack_runs.first_member_text, pack_runs.insert_run_source, pack_runs.admission_envelope, pack_runs.admitted_payload, pack_runs.run_name,
  pack_runs.digest_text, pack_runs.trace_text;
alter table pack_runs.plans drop column manifest;
alter table pack_runs.submissions rename to run_sources;
alter table pack_runs.run_sources drop column plan_bytes, drop column profile_bytes, drop column content_bytes, drop column source_bytes,
  drop column requester_name, drop column admission_bytes, drop column trace_bytes, drop column admitted, drop column signed`;
