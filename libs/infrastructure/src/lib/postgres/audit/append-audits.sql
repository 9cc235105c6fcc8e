-- Appends several entries to one audit chain, in order.
select pack_runs.append_audits($1, $2::text[]) as audit_seq
