-- Database time and a run id made from that very millisecond: no process's own clock names a run.
select at_ms, pack_runs.uuidv7(at_ms) as run_id from (select pack_runs.now_ms() as at_ms offset 0) now
