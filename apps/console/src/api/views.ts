// The parts of API responses that the console reads.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** The caller. */
export interface Me {
  readonly person: { readonly iss: string; readonly sub: string; readonly name: string; readonly kind: string };
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly grants: readonly string[];
}

export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'cancelling',
  'halted',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const STEP_STATUSES = [
  'pending',
  'running',
  'waiting',
  'retrying',
  'needs_attention',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** A wait of a run. */
export interface Wait {
  readonly kind: string;
  readonly id: string | null;
  readonly since: string | null;
  readonly until: string | null;
}

/** An error of a run or step. */
export interface Failure {
  readonly code?: string;
  readonly stepId?: string;
  readonly message?: string;
  readonly attempts?: number;
  readonly exitCode?: number | null;
}

export interface Run {
  readonly runId: string;
  readonly status: RunStatus;
  readonly pack: { readonly name: string; readonly version: string; readonly digest: string };
  readonly planHash: string;
  readonly requester: { readonly id: string; readonly name: string };
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly waits: readonly Wait[];
  readonly stuck: string | null;
  readonly steps: Readonly<Record<StepStatus | 'total', number>>;
  readonly outputs: Json;
  readonly error: Failure | null;
  readonly evidence: { readonly status: string; readonly digest: string | null; readonly reason: string | null };
  readonly lastLine: number;
  readonly rerunOf: string | null;
}

export interface Artifact {
  readonly artifactId: string;
  readonly step: string;
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

export interface Step {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly label: string | null;
  readonly status: StepStatus;
  readonly reason: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly children: number | null;
  readonly outputs: Json;
  readonly error: Failure | null;
}

/** How many child steps of a step have each status. */
export interface StepCounts {
  readonly parent: string;
  readonly steps: Run['steps'];
}

export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly label: string | null;
  readonly kind: string;
  /** Id of the container step; `''`: none. */
  readonly parent: string;
  readonly branch: number | string | null;
  readonly when: string | null;
  readonly uses: string | null;
  readonly effects: string | null;
  readonly gated: boolean | null;
  readonly approval: string | null;
}

/** The graph of a run's plan. A map or loop is one node with a template inside. */
export interface Graph {
  readonly planHash: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogLine {
  readonly sequence: number;
  readonly timestamp: string;
  readonly level?: string;
  readonly attempt?: number;
  readonly eventType: 'step.log' | 'run.finished' | 'stream.resume' | 'stream.tail';
  readonly message?: string;
  readonly stepId?: string;
  readonly after?: number;
  readonly retryMs?: number;
}

/** Lines of a log, and which lines were looked at for them. */
export interface LogPage {
  readonly items: readonly LogLine[];
  /** Of a search: the hits in the lines `searchedFrom` to `searchedTo`. */
  readonly total: number | null;
  readonly searchedFrom: number;
  readonly searchedTo: number;
  /** The last line of the log. */
  readonly lastLine: number;
  /** Lines of the range that have numbers but are not stored. */
  readonly missingLines: number;
  readonly nextCursor: string | null;
}

/** Number of open gates, and how many of them the caller may decide. */
export interface ApprovalCounts {
  readonly open: number;
  readonly mine: number;
  /** True: not all open gates were counted. */
  readonly atLeast: boolean;
}

export interface Decision {
  readonly decisionId: string;
  readonly decision: 'approved' | 'rejected' | 'withdrawn';
  readonly person: { readonly iss: string; readonly sub: string; readonly name: string | null };
  readonly onBehalfOf: { readonly iss: string; readonly sub: string } | null;
  readonly actors: readonly { readonly sub: string }[] | null;
  readonly grants: readonly string[];
  readonly reason: string | null;
  /** Its person withdrew it later. */
  readonly withdrawn: boolean;
  readonly response: unknown;
  readonly decidedAt: string;
  readonly proof: string;
}

export interface PlanChange {
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

export interface PlanDiff {
  readonly same: boolean;
  readonly planHash: { readonly before: string; readonly after: string };
  readonly steps: readonly {
    readonly id: string;
    readonly change: string;
    readonly kind: string;
    readonly changes: readonly PlanChange[];
  }[];
  readonly parts: Readonly<Record<string, readonly PlanChange[]>>;
  readonly gates: {
    readonly newlyUngated: readonly string[];
    readonly newlyGated: readonly string[];
    readonly removed: readonly string[];
    readonly added: readonly string[];
  };
}

/** The request of a gate, as approvers see it. */
export interface GateRequest {
  readonly runId: string;
  readonly gate: string;
  readonly label: string | null;
  readonly planHash: string;
  readonly profileDigest: string;
  readonly showDigest: string;
  /** The verdict that an approval overrides. */
  readonly policy: Json;
  readonly message: string;
  readonly requirement: {
    readonly grants: readonly string[];
    readonly minApprovals: number;
    readonly selfApproval: boolean;
    readonly proof: string;
    readonly maxAuthAge: string | null;
    readonly reasonRequired: boolean;
    readonly formDigest: string | null;
    /** Programs that may act for a person who decides. */
    readonly actors?: readonly { readonly iss: string; readonly sub: string }[];
  };
  /** Digests of what is fixed and can be read behind the gate. */
  readonly reads: Readonly<Record<string, string>>;
  readonly item: string | null;
  /** Gates that did not apply. */
  readonly notApplied: readonly string[];
  readonly opens: readonly string[];
  readonly secrets: readonly { readonly name: string; readonly version: string }[];
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly executeBy: string;
}

export interface Gate {
  readonly runId: string;
  readonly gateId: string;
  readonly status: string;
  readonly gateDigest: string;
  readonly planHash: string;
  readonly request: GateRequest;
  readonly show: Json;
  readonly approvals: number;
  readonly required: number;
  readonly until: string;
  readonly policy: {
    readonly id: string;
    readonly level: string;
    readonly result: string | null;
    readonly reasons: readonly string[];
  } | null;
  readonly decisions: readonly Decision[];
  readonly ungatedEffects: readonly string[] | null;
  readonly planDiff: { readonly against: string; readonly diff: PlanDiff | null; readonly why: string | null } | null;
  readonly canDecide: boolean;
  readonly why: string | null;
}
