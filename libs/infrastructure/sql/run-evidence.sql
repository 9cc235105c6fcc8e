-- What sealing left.
select bundle, bundle_size, statements from pack_artifacts.attestations where tenant_id = $1 and run_id = $2
