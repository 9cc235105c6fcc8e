-- Database time, milliseconds. Processes set their clocks by it.
select pack_runs.now_ms() as at_ms
