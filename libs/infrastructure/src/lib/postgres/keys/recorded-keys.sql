-- Leaves out keys with which no webservice has signed.
select use, id from pack_runs.keys where recorded_ms is not null order by 1, 2
