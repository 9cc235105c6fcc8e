/** A place in the database that contains digests of objects. */
interface ObjectReference {
  /** Display name of the objects. */
  readonly name: string;
  /** Each column that contains such digests, as `schema.table.column`. */
  readonly columns: readonly string[];
  /**
   * SQL that yields as `digest` those of the digests `$2` (`text[]`) of the tenant `$1` that occur here. It must use an index, and must see
   * every row, because objects that are not found are deleted. Rows that the worker role cannot see are queried through a function of the
   * owner.
   */
  readonly sql: string;
  /**
   * SQL that yields all digests of all tenants, as `tenant_id`, `run_id` (null: no run) and `digest`; for backups. Null if a restored
   * database deletes the rows.
   */
  readonly all: string | null;
  /** True if each digest names an object that was stored before the row. Otherwise it may be any digest, as in the text of an input. */
  readonly certain: boolean;
}

/**
 * Every place in the database that refers to stored objects. Objects without a reference here are deleted, so a new kind of object needs an
 * entry here. A test checks the columns of all tables that look like digests.
 */
export const OBJECT_REFERENCES: readonly ObjectReference[] = [
  {
    name: 'uploads that runs may be submitted with',
    columns: ['pack_artifacts.uploads.digest'],
    sql: `select digest from pack_artifacts.uploads where tenant_id = $1 and digest = any($2::text[])`,
    all: null,
    certain: false,
  },
  {
    name: 'files of packs and files that are inputs, of runs and of schedules',
    columns: [
      'pack_runs.submissions.files',
      'pack_runs.submissions.inputs',
      'pack_runs.schedules.source',
      'pack_runs.schedules.inputs',
    ],
    // The worker role cannot see these rows.
    sql: `select digest from pack_runs.named_files($1, $2::text[]) digest`,
    all: `select r.tenant_id, r.run_id, d.digest from pack_runs.run_sources r,
        unnest(pack_runs.digests_in(r.files, r.inputs)) d (digest) where pack_runs.names_digests(r.files, r.inputs)
      union all
      select s.tenant_id, null::uuid, d.digest from pack_runs.schedules s,
        unnest(pack_runs.digests_in(pack_runs.files_of(s.source), s.inputs)) d (digest)`,
    certain: false,
  },
  {
    name: 'artifacts',
    columns: ['pack_artifacts.artifacts.digest'],
    sql: `select digest from pack_artifacts.artifacts where tenant_id = $1 and digest = any($2::text[])`,
    all: `select tenant_id, run_id, digest from pack_artifacts.artifacts`,
    certain: true,
  },
  {
    name: 'large values that a journal names',
    columns: ['pack_artifacts.stored_values.digest'],
    sql: `select digest from pack_artifacts.stored_values where tenant_id = $1 and digest = any($2::text[])`,
    all: `select tenant_id, run_id, digest from pack_artifacts.stored_values`,
    certain: false,
  },
  {
    name: 'evidence bundles',
    columns: ['pack_artifacts.attestations.bundle', 'pack_runs.runs.evidence_digest'],
    // The index has the first characters of a bundle.
    sql: `select bundle as digest from pack_artifacts.attestations where tenant_id = $1
      and left(bundle, 23) = any(array(select left(d, 23) from unnest($2::text[]) d)) and bundle = any($2::text[])`,
    all: `select tenant_id, run_id, bundle from pack_artifacts.attestations`,
    certain: true,
  },
];

/** All object references, once per run: `tenant_id`, `run_id`, `digest` and `certain`. */
export const ALL_REFERENCES = `select tenant_id, run_id, digest, bool_or(certain) from (
${OBJECT_REFERENCES.flatMap(({ all, certain }) => (all === null ? [] : [`select *, ${certain} from (${all}) a`])).join('\nunion all\n')}
) r (tenant_id, run_id, digest, certain) where digest ~ '^sha256:[0-9a-f]{64}$' group by 1, 2, 3`;

/** Columns with digests of something else, or of objects that another reference keeps, each with an explanation. */
export const OTHER_DIGESTS: Readonly<Record<string, string>> = {
  'pack_artifacts.archives.journal_sha256': 'of a file in the bundle',
  'pack_artifacts.attestations.statement': 'of a statement, which stands in the bundle',
  'pack_artifacts.object_suspects.digest': 'of objects that nobody needs',
  'pack_run_logs.chunks.sha256': 'of the chunk itself',
  'pack_runs.decisions.record_digest': 'of a signed record',
  'pack_runs.gates.gate_digest': 'of a gate request',
  'pack_runs.idempotency.body_digest': 'of a request',
  'pack_runs.pack_versions.artifact_digest': 'of an artifact in a registry',
  'pack_runs.pack_versions.content_digest': 'of a pack as a whole',
  'pack_runs.probe_documents.digest': 'of the document in the same row',
  'pack_runs.profiles.environment_digest': 'of a document in the same row',
  'pack_runs.profiles.profile_digest': 'of a document in the same row',
  'pack_runs.resolutions.record_digest': 'of a signed record',
  'pack_runs.submissions.admission_digest': 'of a document in the same row',
  'pack_runs.submissions.content_digest': 'of a pack as a whole',
  'pack_runs.submissions.profile_digest': 'of a document in another table',
  'pack_runs.submissions.source_digest': 'of a pack as a whole',
  'pack_runs.schedules.profile_digest': 'of a document in another table',
  'pack_runs.runs.environment_digest': 'of a document in another table',
};
