-- Bytes of chunks $5 to $6 of one execution. The journal tells the sealing worker which chunks are numbered.
select c.data from pack_run_logs.chunks c
where c.tenant_id = $1 and c.run_id = $2 and c.step = $3 and c.execution = $4 and c.chunk between $5 and $6
order by c.chunk
