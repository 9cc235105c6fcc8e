-- The last page of a run's journal: two rows by key.
select p.first_seq, p.content, p.hash, coalesce(
    (select b.hash from pack_run_logs.journal b where b.tenant_id = $1 and b.run_id = $2 and b.first_seq < p.first_seq
      order by b.first_seq desc limit 1),
    (select decode(substr(s.admission_digest, 8), 'hex') from pack_runs.run_sources s where s.tenant_id = $1 and s.run_id = $2),
    ''::bytea
  ) as prev
from pack_run_logs.journal p
where p.tenant_id = $1 and p.run_id = $2 order by p.first_seq desc limit 1
