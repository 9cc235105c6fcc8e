-- Database time, and run ids derived from the same millisecond. Run ids never depend on the clock of a process. Several ids serve
-- concurrent callers.
select at_ms, pack_runs.uuidv7(at_ms) as run_id
from (select pack_runs.now_ms() as at_ms offset 0) now, generate_series(1, $1::int)
