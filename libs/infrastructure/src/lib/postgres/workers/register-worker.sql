-- Registers a worker session with its first lease, on the database's clock. `isolation` lists profiles, separated by spaces.
insert into pack_runs.workers (worker_id, name, version, build, probe, isolation, environments, labels, lease_ms, lease_until,
  renewed_at, steady_since, slots)
select pack_runs.uuidv7(), $1, $2, $3, $4, $5, $6::bytea[], $7::text[], $8::int, now() + $8::int * interval '1 millisecond', now(), now(), $9::int
returning worker_id
