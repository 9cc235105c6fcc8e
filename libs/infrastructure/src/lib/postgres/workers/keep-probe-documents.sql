-- A document that is there stays as it is: its digest is its name.
insert into pack_runs.probe_documents (digest, document)
select * from unnest($1::bytea[], $2::text[]) on conflict (digest) do nothing
