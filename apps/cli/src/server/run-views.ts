import type { Decision, Gate, LogLine, Run, RunGate, Schemas, Step } from '@taskrunner/client';
import type { Digest, Json, JsonObject } from '@taskrunner/core/foundation';
import type { GateRequest, PolicyVerdict } from '@taskrunner/core/gate';
import type { PlanDiff } from '@taskrunner/core/plan';

// What the API answers, with the members that are shown.

/** A run. */
export type RunView = Pick<
  Run,
  | 'runId'
  | 'status'
  | 'planHash'
  | 'requester'
  | 'createdAt'
  | 'startedAt'
  | 'finishedAt'
  | 'stuck'
  | 'outputs'
  | 'message'
  | 'messageError'
  | 'error'
  | 'rerunOf'
> & {
  readonly pack: Pick<Run['pack'], 'name' | 'version'>;
  readonly waits: readonly WaitView[];
  readonly evidence: Pick<Run['evidence'], 'status' | 'digest'>;
  /** Absent from servers of earlier versions. */
  readonly cancellation?: Run['cancellation'];
  /** Of a kept run that has not ended: the command that goes on with it. */
  readonly resume?: string;
};

/** What a run waits for. */
export type WaitView = Omit<Run['waits'][number], 'policy'> & {
  /** With kind `policy`: the verdict that people may override. */
  readonly policy?: PolicyView | null;
};

/** A policy verdict at a gate. */
export interface PolicyView {
  readonly id: string;
  readonly level: PolicyVerdict['level'];
  readonly engine: string;
  readonly digest: string;
  /** Null: the policy has not been evaluated. */
  readonly result: PolicyVerdict['result'] | null;
  readonly reasons: readonly string[];
  readonly omittedReasons?: number;
}

/** A decision at a gate. */
export type DecisionView = Pick<
  Decision,
  'decisionId' | 'decision' | 'reason' | 'response' | 'decidedAt' | 'proof' | 'record'
> & {
  /** Absent from servers of earlier versions. */
  readonly withdrawn?: boolean;
  readonly person: { readonly iss: string; readonly sub: string };
  readonly onBehalfOf: { readonly iss: string; readonly sub: string } | null;
  /** Null: the decision was made before actors were recorded. */
  readonly actors: readonly { readonly iss: string; readonly sub: string; readonly kind: string }[] | null;
};

/** A gate in the list of all gates of a run. */
export type RunGateView = Pick<
  RunGate,
  | 'gateId'
  | 'label'
  | 'status'
  | 'reason'
  | 'approval'
  | 'gateDigest'
  | 'approvals'
  | 'required'
  | 'openedAt'
  | 'until'
  | 'endedAt'
> & {
  readonly policy: PolicyView | null;
  readonly requirement: {
    readonly grants: readonly string[];
    readonly minApprovals: number;
    readonly proof: string;
  } | null;
  readonly decisions: readonly DecisionView[];
};

/** The plan of a run with its profile, whose digests a gate request names. */
export type PlanView = Pick<Schemas['Plan'], 'planHash' | 'plan' | 'profile'> &
  // Servers of earlier versions do not send it.
  Partial<Pick<Schemas['Plan'], 'inputOrder'>>;

/** A step. */
export type StepView = Pick<
  Step,
  'id' | 'parent' | 'kind' | 'label' | 'status' | 'reason' | 'attempts' | 'startedAt' | 'finishedAt'
>;

/** A gate with the request to decide about, whose form `core` defines. */
export type GateView = Pick<
  Gate,
  'runId' | 'gateId' | 'status' | 'gateDigest' | 'approvals' | 'required' | 'until' | 'canDecide' | 'why'
> & {
  readonly planHash: Digest;
  /** Configured people who can still approve; null: not known; absent from servers of earlier versions. */
  readonly approversLeft?: number | null;
  /** Absent from servers of earlier versions, as is the requester. */
  readonly pack?: Gate['pack'];
  readonly requester?: Gate['requester'];
  readonly request: GateRequest;
  readonly show: Json;
  /** The denial that an approval overrides; null for a gate without a policy; absent from servers of earlier versions. */
  readonly policy?: PolicyView | null;
  readonly decisions?: readonly DecisionView[];
  /** Steps of the run that act without an approval; null in lists. */
  readonly ungatedEffects: readonly string[] | null;
  /** Absent in answers of earlier versions. */
  readonly suggestedReason?: string | null;
  /** In the order of its author; null: the gate has none; absent in answers of earlier versions. */
  readonly form?: JsonObject | null;
  /** Difference from the last run of the pack that people approved; null if there is none, and in lists. `why`: why it is not available. */
  readonly planDiff: {
    readonly against: string;
    /** Absent from servers of earlier versions, as are the people. */
    readonly approvedAt?: string | null;
    readonly approvedBy?: readonly { readonly sub: string; readonly name: string | null }[];
    readonly diff: PlanDiff | null;
    readonly why: string | null;
  } | null;
};

/** A line of the log, or the end of the run. */
export type LogEvent = Omit<LogLine, 'timestamp'> & Partial<Pick<LogLine, 'timestamp'>>;
