-- The entries after a tenant's last checkpoint, at most $2, from one snapshot. Each is compared with its hash and with the previous entry.
with checkpoint as (
  select c.seq, c.head from pack_runs.audit_checkpoints c where c.tenant_id = $1 order by c.seq desc limit 1
), entries as (
  select a.seq, a.prev, a.hash, pack_runs.audit_hash(a.at_ms, a.event::text, a.prev, a.seq) as computed
  from pack_runs.audit a
  where a.tenant_id = $1 and a.seq > coalesce((select c.seq from checkpoint c), 0) order by a.seq limit $2
), placed as (
  select e.seq, e.hash, e.computed, e.prev,
    coalesce((select c.seq from checkpoint c), 0) + row_number() over (order by e.seq) as place,
    lag(e.hash, 1, (select c.head from checkpoint c)) over (order by e.seq) as before
  from entries e
)
select coalesce((select c.seq from checkpoint c), 0) as covered,
  (select count(*) from placed) as entries,
  (select max(p.seq) from placed p) as last,
  (select p.hash from placed p order by p.seq desc limit 1) as head,
  (select min(p.place) from placed p
    where p.seq <> p.place or p.hash <> p.computed or p.prev is distinct from p.before) as broken,
  coalesce((select h.seq from pack_runs.audit_heads h where h.tenant_id = $1), 0) as counted,
  pack_runs.now_ms() as at_ms
