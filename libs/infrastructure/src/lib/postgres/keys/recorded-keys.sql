select use, id from pack_runs.keys order by 1, 2
