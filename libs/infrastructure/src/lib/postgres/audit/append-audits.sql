-- Appends several entries to one audit chain, in order.
select pack_runs.append_audit($1, e.event) as audit_seq from unnest($2::text[]) with ordinality e (event, place) order by e.place
