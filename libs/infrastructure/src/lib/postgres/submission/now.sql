-- Database time, milliseconds: what a process's own clock is set by.
select pack_runs.now_ms() as at_ms
