-- Serializes creations within a tenant, so that the count in create-schedule is exact.
select pg_advisory_xact_lock(hashtextextended('taskrunner.schedules ' || $1, 0))
