-- Other living workers.
select count(*)::int as others from pack_runs.workers w
where w.worker_id <> $1 and w.state = 'live' and w.lease_until > clock_timestamp()
