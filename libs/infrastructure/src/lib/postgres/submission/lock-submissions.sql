-- One submission to the concurrency groups of a tenant at a time. Its audit chain has no counter to lock before its first submission is committed,
-- so those that come beside that one would lock the group and the counter in either order.
select pg_advisory_xact_lock(hashtextextended('taskrunner submissions ' || $1, 0))
