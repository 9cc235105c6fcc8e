-- Pages of one run in order, at most $4 unless that is null. The run id determines the partition. The first page follows the admission
-- record.
select p.first_seq, pack_runs.bounded(p.content, 134217728) as content, pack_runs.bounded(p.hash, 1024) as hash, pack_runs.bounded(p.mac, 1024) as mac, pack_runs.bounded(coalesce(
    lag(p.hash) over (order by p.first_seq),
    (select b.hash from pack_run_logs.journal b where b.tenant_id = $1 and b.run_id = $2 and b.first_seq <= $3
      order by b.first_seq desc limit 1),
    (select decode(substr(s.admission_digest, 8), 'hex') from pack_runs.run_sources s where s.tenant_id = $1 and s.run_id = $2)
  ), 1024) as prev
from pack_run_logs.journal p
where p.tenant_id = $1 and p.run_id = $2 and p.first_seq > $3 order by p.first_seq limit $4
