-- The bytes of one execution's chunks $5 to $6: who seals a run knows from its journal which of them are numbered.
select c.data from pack_run_logs.chunks c
where c.tenant_id = $1 and c.run_id = $2 and c.step = $3 and c.execution = $4 and c.chunk between $5 and $6
order by c.chunk
