-- Pages of a run's journal in order, for readers that need neither hashes nor values.
select p.content from pack_run_logs.journal p
where p.tenant_id = $1 and p.run_id = $2 and p.first_seq > $3 order by p.first_seq limit $4
