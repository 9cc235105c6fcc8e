import { Table } from './table';

// The tables of the engine's statements, with the columns that these read or write. Times are in milliseconds; `json` columns hold text.

export interface WorkerRow {
  readonly worker_id: string;
  readonly name: string;
  readonly isolation: string;
  /** Digests, hexadecimal. */
  readonly environments: readonly string[];
  readonly labels: readonly string[];
  readonly state: 'live' | 'dead';
  readonly lease_ms: number;
  readonly lease_until: number;
  readonly renewed_at: number;
  readonly steady_since: number;
}

export interface RunRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly owner: string | null;
  readonly fence: number;
  readonly due_at: number | null;
  readonly committed_at: number | null;
  readonly inbox_seq: number;
  readonly cancel_position: number;
  readonly refused_position: number;
  readonly last_decided_ms: number;
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
  readonly crashes: number;
  readonly alone_fence: number | null;
  readonly claim_seq: number;
  /** Hexadecimal. */
  readonly environment_digest: string;
  readonly isolation: string;
  readonly evidence_status: string;
  readonly status: string;
  readonly last_seq: number;
  readonly seen: number;
  readonly last_line: number;
  readonly version: number;
  readonly head: Buffer | null;
  readonly snapshot_seq: number | null;
  readonly counts: string | null;
  readonly waits: string | null;
  readonly outputs: string | null;
  readonly message: string | null;
  readonly journaled_steps: boolean | null;
  readonly error: string | null;
  readonly worker_labels: readonly string[];
  readonly unplaced: boolean;
}

interface OfRun {
  readonly tenant_id: string;
  readonly run_id: string;
}

export interface SourceRow extends OfRun {
  readonly plan_hash: string;
  readonly profile_digest: string;
  readonly pack_name: string;
  readonly pack_version: string;
  readonly content_digest: string;
  readonly source_digest: string;
  readonly manifest: string;
  readonly files: string;
  readonly inputs: string;
  readonly initiators: string;
  readonly requester: string;
  readonly admission: string;
  readonly stored_admission: string | null;
  readonly admitted: string | null;
  readonly signed: Buffer | null;
  readonly admitted_digests: Buffer;
  readonly admission_digest: string;
  readonly trace_context: string | null;
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
}

export interface PageRow extends OfRun {
  readonly first_seq: number;
  readonly fence: number;
  readonly hash: Buffer;
  readonly mac: Buffer;
  readonly content: Buffer;
}

export interface StepRecord extends OfRun {
  readonly parent: string;
  readonly place: number;
  readonly step: string;
  readonly kind: string;
  readonly label: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly next_attempt_ms: number | null;
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
  readonly children: number | null;
  readonly outputs: string | null;
  readonly outputs_ref: string | null;
  readonly error: string | null;
  readonly reused_from: string | null;
}

export interface GateRow extends OfRun {
  readonly gate: string;
  readonly approval: string;
  readonly state: string;
  readonly gate_digest: string;
  readonly request: string;
  readonly show: string | null;
  readonly required: number;
  readonly approvals: number;
  readonly counted: readonly string[];
  readonly expires_at: number;
  readonly opened_ms: number;
  readonly ended_ms: number | null;
}

export interface DecisionRow extends OfRun {
  readonly gate: string;
  readonly decision_id: string;
  readonly decision: string;
  readonly iss: string;
  readonly sub: string;
  readonly name: string;
  readonly decided_ms: number;
  readonly envelope: string;
  readonly record_digest: string;
}

export interface ResolutionRow extends OfRun {
  readonly step: string;
  readonly execution: number;
  readonly outcome: string;
  readonly iss: string;
  readonly sub: string;
  readonly decided_ms: number;
  readonly envelope: string;
}

export interface InboxRow extends OfRun {
  readonly position: number;
  readonly dedupe: string;
  readonly given: string;
  readonly envelope: string | null;
  readonly response: string | null;
  readonly posted_ms: number;
}

export interface ChunkRow extends OfRun {
  readonly step: string;
  readonly attempt: number | null;
  readonly execution: number;
  readonly chunk: number;
  readonly at_ms: number;
  readonly data: Buffer;
  readonly lines: number;
  readonly sha256: Buffer;
}

export interface PlaceRow extends OfRun {
  readonly last_line: number;
  readonly lines: number;
  readonly step: string;
  readonly execution: number;
  readonly chunk: number;
}

export interface ArtifactRow extends OfRun {
  readonly number: number;
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly media_type: string;
}

export interface OutboxRow extends OfRun {
  readonly number: number;
  readonly kind: string;
  readonly body: string | null;
  readonly stream: string | null;
  readonly place: number | null;
  readonly due_at: number;
}

export interface AssignmentRow extends OfRun {
  readonly name: string;
  readonly owner: string | null;
  readonly fence: number;
  readonly left_over: number;
  readonly offered_at: number;
  readonly step: string;
  readonly first_index: number;
  readonly last_index: number;
  readonly stops: readonly string[];
  readonly mac: Buffer;
  readonly body: string;
}

/** An assigned execution. The row exists before the execution begins. */
export interface ExecutionRow extends OfRun {
  readonly name: string;
  readonly step: string;
  readonly execution: number;
  readonly fence: number;
  readonly answered: boolean;
}

export interface AuditHead {
  readonly tenant_id: string;
  readonly seq: number;
}

/** Key of a run's group in each table. */
export function runKey(tenant: string, run: string): string {
  return `${tenant}/${run}`;
}

const ofRun = (row: OfRun): string => runKey(row.tenant_id, row.run_id);

/** All tables of one database, empty. */
export function makeTables() {
  return {
    workers: new Table<WorkerRow>('workers', (row) => row.worker_id),
    runs: new Table<RunRow>('runs', ofRun, (row) => row.tenant_id),
    sources: new Table<SourceRow>('submissions', ofRun),
    gates: new Table<GateRow>('gates', (row) => `${ofRun(row)}/${row.gate}`, ofRun),
    journal: new Table<PageRow>('journal', (row) => `${ofRun(row)}/${row.first_seq}`, ofRun),
    steps: new Table<StepRecord>('steps', (row) => stepKey(ofRun(row), row), ofRun),
    decisions: new Table<DecisionRow>('decisions', (row) => `${ofRun(row)}/${row.decision_id}`, ofRun),
    resolutions: new Table<ResolutionRow>('resolutions', (row) => `${ofRun(row)}/${row.step}#${row.execution}`, ofRun),
    inbox: new Table<InboxRow>('inbox', (row) => `${ofRun(row)}/${row.position}`, ofRun),
    /** The inbox by its second key. */
    dedupe: new Table<InboxRow>('inbox_dedupe', (row) => `${ofRun(row)}/${row.dedupe}`, ofRun),
    chunks: new Table<ChunkRow>('chunks', (row) => `${ofRun(row)}/${row.step}#${row.execution}.${row.chunk}`, ofRun),
    places: new Table<PlaceRow>('places', (row) => `${ofRun(row)}/${row.last_line}`, ofRun),
    artifacts: new Table<ArtifactRow>('artifacts', (row) => `${ofRun(row)}/${row.number}`, ofRun),
    outbox: new Table<OutboxRow>('outbox', (row) => `${ofRun(row)}/${row.number}`, ofRun),
    assignments: new Table<AssignmentRow>('assignments', (row) => `${ofRun(row)}/${row.name}`, ofRun),
    /** Grouped by assignment. */
    executions: new Table<ExecutionRow>(
      'executions',
      (row) => `${ofRun(row)}/${row.name}/${row.step}#${row.execution}`,
      (row) => `${ofRun(row)}/${row.name}`,
    ),
    audit: new Table<AuditHead>('audit_heads', (row) => row.tenant_id),
  };
}

export type Tables = ReturnType<typeof makeTables>;

export function stepKey(run: string, { parent, place, step }: Pick<StepRecord, 'parent' | 'place' | 'step'>): string {
  return `${run}/${parent}/${place}/${step}`;
}
