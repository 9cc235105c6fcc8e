-- An existing document is never changed, because its key is its digest.
insert into pack_runs.probe_documents (digest, document)
select * from unnest($1::bytea[], $2::text[]) on conflict (digest) do nothing
