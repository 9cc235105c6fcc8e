-- Database time and run ids made from that very millisecond: no process's own clock names a run. Several, for those who ask at once.
select at_ms, pack_runs.uuidv7(at_ms) as run_id
from (select pack_runs.now_ms() as at_ms offset 0) now, generate_series(1, $1::int)
