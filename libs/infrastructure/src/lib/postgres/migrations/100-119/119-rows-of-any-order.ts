import { sqlMigration } from '../sql-migration';

/**
 * What somebody writes into one row keeps no other row from a worker, a group, a feed or a restore, also where PostgreSQL itself refuses what
 * statements about several rows do next.
 *
 * - A row can have a value that no index can hold, as long as no index has the row. The statement that gives it to an index fails as a whole.
 *   `fits_indexes` says whether the indexes of due runs can hold it; such statements pass it over.
 * - Events can have one id. Each gets a position of its own.
 */
export const rowsOfAnyOrder = sqlMigration(
  'RowsOfAnyOrder1764000001190',
  `
-- An entry of an index has at most 2 704 bytes. The name of a tenant has at most 63, a digest has 32.
create function pack_runs.fits_indexes(tenant_id text, worker_labels text[], environment_digest bytea) returns boolean language sql immutable as $$
  select octet_length(tenant_id) <= 63 and pg_column_size(worker_labels) <= 2048 and octet_length(environment_digest) <= 64
$$;

create or replace function pack_runs.place_events(tenant text, most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  stored bigint;
  head bigint;
  placed integer;
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return 0;
  end if;
  select h.position into stored from pack_runs.event_heads h where h.tenant_id = tenant;
  if coalesce(stored, 0) between 0 and 4503599627370496 - most
    and not exists (select from pack_runs.events e where e.tenant_id = tenant and e.position is null)
    and not exists (select from pack_runs.events e where e.tenant_id = tenant and e.position > coalesce(stored, 0) and e.position <= 4503599627370496) then
    return 0;
  end if;
  insert into pack_runs.event_heads (tenant_id) values (tenant) on conflict do nothing;
  select h.position into stored from pack_runs.event_heads h where h.tenant_id = tenant for update;
  head := greatest(
    case when stored between 0 and 4503599627370496 - most then stored end,
    (select max(e.position) from pack_runs.events e where e.tenant_id = tenant and e.position between 1 and 2251799813685248),
    0);
  -- Nobody gave them these positions.
  update pack_runs.events e set position = null where e.tenant_id = tenant and e.position > head and e.position <= 4503599627370496;
  -- By the place of the row: several can have one id.
  with next as (
    select e.ctid as place, row_number() over (order by e.event_id, e.ctid) as n from pack_runs.events e
    where e.tenant_id = tenant and e.position is null order by e.event_id, e.ctid limit most
  )
  update pack_runs.events e set position = head + next.n from next
  where e.ctid = next.place;
  get diagnostics placed = row_count;
  update pack_runs.event_heads h set position = head + placed, removed = least(h.removed, head) where h.tenant_id = tenant;
  return placed;
end $$;
`,
);
