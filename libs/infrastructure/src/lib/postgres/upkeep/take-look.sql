-- Leases the tenant that has waited longest for a collection, by moving its next pass ahead on the database's clock.
update pack_artifacts.object_looks l set due_at = clock_timestamp() + $1 * interval '1 millisecond'
from (
  select tenant_id from pack_artifacts.object_looks where due_at <= clock_timestamp()
  order by due_at limit 1 for update skip locked
) due
where l.tenant_id = due.tenant_id
returning l.tenant_id
