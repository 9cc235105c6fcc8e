-- Moves a schedule on from exactly this tick, or fails (TR001) and takes the transaction with it.
select pack_runs.take_tick($1, $2::uuid, $3, $4::bigint, $5::bigint, $6::bigint, $7, $8, $9, $10::uuid, $11, $12::json)
