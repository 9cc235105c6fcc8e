-- Registers tenants that have objects. New ones are due at once.
insert into pack_artifacts.object_looks (tenant_id)
select t from unnest($1::text[]) t on conflict do nothing
