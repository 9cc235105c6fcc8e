import type { RunEnd } from '../../foundation/statuses';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Actor, Subject } from '../../foundation/principal';
import type { Check } from '../verify/check/check';
import type { ArtifactRecord } from '../statement/derived-files';
import type { AdmissionRecord, GateRequest, ResolutionRecord } from '../records/documents';
import type { PolicyRecord } from '../records/policy-records';
import type { NamedWorker } from '../records/run-facts';
import type { SecretRecord } from '../records/secret-records';
import type { StepRecord } from '../records/step-records';
import type { TrustFile } from '../encoding/trust';
import type { Signer } from '../verify/verify-run';
import type { FirstCause } from './first-cause';
import type { Residual } from './residuals';

/** The report about a run for an auditor: `taskrunner.report.v1`. Times are RFC 3339 in UTC. All texts are exactly as in the bundle. */
export interface Report {
  readonly schema: 'taskrunner.report.v1';
  readonly bundle: ReportedFile;
  readonly verdict: Verdict;
  /** How the bundle was verified; null if the caller did not provide it. */
  readonly verification: WorkingPaper | null;
  /** Null if the documents of the bundle cannot be read: `unreadable` says why. */
  readonly contents: ReportContents | null;
  readonly unreadable: string | null;
}

/** The file that was read. */
export interface ReportedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Digest;
}

/** How the bundle was verified, so that an auditor can have it repeated. */
export interface WorkingPaper {
  /** `sha256` of the program, if it is one file. */
  readonly verifier: { readonly name: string; readonly version: string; readonly sha256: Digest | null };
  /** RFC 3339, by the clock of the machine that verified. */
  readonly at: string;
  /** The trust file as it was read; null if none was given. */
  readonly trust: { readonly name: string; readonly sha256: Digest } | null;
  /** The other options besides `--expect`, as given. */
  readonly options: readonly string[];
  /** Value of `--expect`. */
  readonly expected: readonly string[];
}

/** Result of the verification. */
export interface Verdict {
  /** `unverified`: no trust file was given. `checks` are those that need none, if they were made; no signature was checked. */
  readonly status: 'verified' | 'failed' | 'unverified';
  readonly summary: string | null;
  readonly trust: {
    readonly id: string;
    readonly serial: number;
    readonly expires: string;
    readonly require: TrustFile['require'];
  } | null;
  /** Trusted keys whose signatures hold. */
  readonly signers: readonly Signer[];
  /** What was let pass that no production installation needs, in words. Empty: nothing. */
  readonly concessions: readonly string[];
  readonly cause: FirstCause | null;
  readonly checks: readonly Check[];
  readonly residuals: readonly Residual[];
}

/** Contents of the bundle's documents. */
export interface ReportContents {
  readonly run: ReportedRun;
  readonly inputs: { readonly values: JsonObject; readonly sensitive: readonly string[] };
  readonly plan: ReportedPlan;
  readonly gates: readonly ReportedGate[];
  /** Gates that were skipped because the steps that they guard did not run. */
  readonly gatesNotApplied: readonly string[];
  readonly policies: readonly ReportedPolicy[];
  readonly policySources: readonly ReportedPolicySource[];
  readonly programs: readonly ReportedProgram[];
  readonly results: readonly ReportedResult[];
  readonly logs: readonly ReportedLog[];
  readonly effects: readonly ReportedEffect[];
  readonly egress: ReportedEgress;
  readonly artifacts: readonly (ArtifactRecord & { readonly bytes: 'in the bundle' | 'withheld' | 'digest only' })[];
  readonly steps: readonly ReportedStep[];
  readonly secrets: readonly SecretRecord[];
  /** Resolutions by people of steps with an unknown outcome. */
  readonly resolutions: readonly ResolutionRecord[];
  /** Bundle paths of files that were withheld because they held a secret. */
  readonly withheld: readonly string[];
}

/** Contents of the short answer on a terminal. */
export type ShortContents = Pick<ReportContents, 'run' | 'gates' | 'gatesNotApplied' | 'policies' | 'resolutions'>;

export interface ReportedRun {
  readonly id: string;
  readonly tenant: string;
  readonly pack: AdmissionRecord['pack'];
  readonly mode: 'open' | 'sealed';
  readonly isolation: string;
  /** Asserted by the signer, not proven. */
  readonly builder: string;
  readonly initiators: readonly Actor[];
  readonly scheduleId: string | null;
  readonly rerunOf: string | null;
  readonly acceptedAt: string;
  readonly startedAt: string | null;
  /** Null if the journal does not end the run. */
  readonly end: {
    readonly at: string;
    readonly result: RunEnd;
    readonly code: string | null;
    readonly step: string | null;
    /** Of the run itself; null if it has none. */
    readonly outputs: ReportedOutputs | null;
    /** The message of the pack for this end, a text; null if it has none. */
    readonly message: ReportedOutputs | null;
    /** Why there is no message: the fault of its expressions. */
    readonly messageError: { readonly code: string; readonly message: string } | null;
  } | null;
  readonly cancellations: readonly {
    readonly at: string;
    readonly by: Subject;
    readonly reason: string;
    readonly force: boolean;
  }[];
  readonly workers: readonly NamedWorker[];
}

export interface ReportedPlan {
  readonly hash: Digest;
  readonly schema: string;
  readonly profileDigest: Digest;
  readonly steps: readonly PlannedStep[];
  /** Steps with effects that no approval gate guards. */
  readonly ungatedEffects: readonly string[];
}

/** A step of the plan. */
export interface PlannedStep {
  readonly id: string;
  /** Number of enclosing containers. */
  readonly depth: number;
  readonly kind: string;
  /** The executor, the pack, the approval or the policy. */
  readonly uses: string | null;
  /** Null for containers and gates. */
  readonly effects: 'pure' | 'idempotent' | 'once' | null;
  readonly needs: readonly string[];
  readonly when: string | null;
}

export interface ReportedGate {
  readonly gate: string;
  readonly label: string | null;
  /** Digest of the gate request. Each decision names it. */
  readonly digest: Digest;
  readonly outcome: 'approved' | 'rejected' | 'expired' | 'closed';
  readonly endedAt: string | null;
  /** Null if the bundle lacks it. */
  readonly request: GateRequest | null;
  /** What was shown besides the message; null if it is withheld or missing. */
  readonly show: Json;
  readonly showIsWithheld: boolean;
  readonly decisions: readonly ReportedDecision[];
}

export interface ReportedDecision {
  readonly decision: 'approved' | 'rejected' | 'withdrawn';
  /** False if the run ignored it because it was late or a duplicate. */
  readonly counted: boolean;
  /** True of an approval that its person withdrew later: it is none of those that opened the gate. */
  readonly withdrawn: boolean;
  readonly person: Subject;
  readonly onBehalfOf: Subject | null;
  /** Programs that acted for the person, outermost first. */
  readonly actors: readonly Actor[];
  readonly decidedAt: string;
  readonly authTime: string;
  readonly reason: string | null;
  readonly response: Json;
  readonly grants: readonly string[];
  readonly proof: 'service' | 'token' | 'key';
  /** `plan`: the client named no gate digest. */
  readonly bound: 'gate' | 'plan';
  readonly record: Digest;
}

export interface ReportedPolicy extends PolicyRecord {
  readonly at: string;
  readonly reasons: readonly string[];
}

/** A step that ran and may have changed something outside. */
export interface ReportedEffect {
  readonly step: string;
  readonly effects: 'idempotent' | 'once';
  readonly startedAt: string;
  readonly executions: number;
  readonly status: string | null;
  /** Gates that guarded it, with their outcomes. Empty: nobody was asked. */
  readonly behind: readonly { readonly gate: string; readonly outcome: string }[];
}

export interface ReportedEgress {
  readonly allowed: number;
  readonly denied: number;
  readonly refused: readonly RefusedConnection[];
  /** Refused connections whose log is not in the bundle, or cannot be read. */
  readonly unread: number;
}

export interface RefusedConnection {
  readonly step: string;
  readonly execution: number;
  /** Null if the request could not be read. */
  readonly host: string | null;
  readonly port: number | null;
  readonly code: string;
}

export interface ReportedStep extends StepRecord {
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly code: string | null;
  readonly message: string | null;
}

/** The text of a policy, as the plan holds it. */
export interface ReportedPolicySource {
  readonly id: string;
  readonly engine: string;
  readonly level: string;
  /** Digest of `source`. */
  readonly digest: Digest;
  readonly source: string;
  /** The file of the bundle that holds it. */
  readonly path: string;
}

/** What a step of the plan executes, as it was approved. `{{ … }}` marks values that are filled in when it runs. */
export interface ReportedProgram {
  readonly step: string;
  readonly uses: string;
  readonly with: JsonObject;
  readonly env: JsonObject;
  readonly files: JsonObject;
  readonly egress: readonly string[];
  readonly tools: readonly string[];
  readonly secrets: readonly string[];
  /** Of `{uses, with, env, files}` (RFC 8785). */
  readonly digest: Digest;
  /** The file of the pack that it executes. `text` is null if the bundle has only its digest. */
  readonly script: { readonly path: string; readonly digest: Digest | null; readonly text: string | null } | null;
}

/** Outputs of a run or a step. */
export interface ReportedOutputs {
  readonly digest: Digest;
  /** Also null if the bundle does not contain it. */
  readonly value: Json;
  readonly isHeld: boolean;
}

/** The outputs of a step. */
export interface ReportedResult extends ReportedOutputs {
  readonly step: string;
}

/** The log of one execution. */
export interface ReportedLog {
  /** The file of the bundle. */
  readonly path: string;
  readonly step: string;
  readonly execution: number;
  readonly lines: number;
  readonly bytes: number;
  /** Size in the manifest; null if the manifest does not list the file. */
  readonly sha256: Digest | null;
  readonly where: 'in the bundle' | 'withheld' | 'digest only';
  /** At most 20 lines and 4 096 bytes. */
  readonly tail: string | null;
}
