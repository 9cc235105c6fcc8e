-- Gives positions to events that were committed since; in the transaction of the read, before it.
select pack_runs.place_events($1, $2) as placed
