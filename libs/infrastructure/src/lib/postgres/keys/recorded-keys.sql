-- Without those that no webservice has signed with yet.
select use, id from pack_runs.keys where recorded_ms is not null order by 1, 2
