-- Advances a schedule from exactly this tick. Otherwise fails with TR001, which aborts the transaction.
select pack_runs.take_tick($1, $2::uuid, $3, $4::bigint, $5::bigint, $6::bigint, $7, $8, $9, $10::uuid, $11, $12::json)
