-- Marks values as needed before a run's journal refers to them.
insert into pack_artifacts.stored_values (tenant_id, run_id, digest)
select $1, $2, d from unnest($3::text[]) d on conflict do nothing
