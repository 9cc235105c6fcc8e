-- Serializes submissions to concurrency groups of a tenant. Before the tenant's first submission is committed, its audit chain has no
-- counter to lock. Concurrent submissions could then lock group and counter in either order.
select pg_advisory_xact_lock(hashtextextended('taskrunner submissions ' || $1, 0))
