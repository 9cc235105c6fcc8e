import { isOver, type Digest, type Json } from '@taskrunner/core/foundation';
import type { GateRequest, PolicyVerdict } from '@taskrunner/core/gate';
import type { PlanDiff } from '@taskrunner/core/plan';

/** A run in the API's form, with the members that this client uses. */
export interface RunView {
  readonly runId: string;
  readonly status: string;
  readonly pack: { readonly name: string; readonly version: string };
  readonly planHash: string;
  readonly requester: { readonly id: string; readonly name: string };
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly waits: readonly WaitView[];
  /** Why it needs a person; null: it does not. A webservice of the release before says nothing. */
  readonly stuck?: string | null;
  readonly steps: Readonly<Record<string, number>>;
  readonly outputs: Json;
  readonly error: Json;
  readonly evidence: { readonly status: string; readonly digest: string | null };
  readonly lastLine: number;
  readonly rerunOf: string | null;
}

/** What a run waits for. */
export interface WaitView {
  readonly kind: string;
  readonly id: string | null;
  readonly since: string | null;
  readonly until: string | null;
  /** With kind `policy`: the verdict that people may override. */
  readonly policy?: PolicyView | null;
}

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

/** A decision at a gate, with the shown members. */
export interface DecisionView {
  readonly decisionId: string;
  readonly decision: string;
  readonly person: { readonly iss: string; readonly sub: string };
  readonly onBehalfOf: { readonly iss: string; readonly sub: string } | null;
  readonly actors: readonly { readonly iss: string; readonly sub: string; readonly kind: string }[];
  readonly reason: string | null;
  readonly response: Json;
  readonly decidedAt: string;
  readonly proof: string;
  readonly record: string;
}

/** A gate in the list of all gates of a run. */
export interface RunGateView {
  readonly gateId: string;
  readonly label: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly approval: string | null;
  readonly policy: PolicyView | null;
  readonly requirement: {
    readonly grants: readonly string[];
    readonly minApprovals: number;
    readonly proof: string;
  } | null;
  readonly gateDigest: string | null;
  readonly approvals: number;
  readonly required: number | null;
  readonly openedAt: string | null;
  readonly until: string | null;
  readonly endedAt: string | null;
  readonly decisions: readonly DecisionView[];
}

/** A step. */
export interface StepView {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly label: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error?: Json;
}

/** A gate with the request to decide about. */
export interface GateView {
  readonly runId: string;
  readonly gateId: string;
  readonly status: string;
  readonly gateDigest: string;
  readonly planHash: Digest;
  readonly request: GateRequest;
  readonly show: Json;
  readonly approvals: number;
  readonly required: number;
  readonly until: string;
  /** The denial that an approval overrides; null for a gate without a policy; absent from servers of earlier versions. */
  readonly policy?: PolicyView | null;
  readonly decisions?: readonly DecisionView[];
  /** Steps of the run that act without an approval; null in lists. */
  readonly ungatedEffects: readonly string[] | null;
  /** Difference from the last run of the pack that people approved; null if there is none, and in lists. `why`: why it is not available. */
  readonly planDiff: { readonly against: string; readonly diff: PlanDiff | null; readonly why: string | null } | null;
  readonly canDecide: boolean;
  readonly why: string | null;
}

export interface ArtifactView {
  readonly artifactId: string;
  readonly step: string;
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

/** A line of the log, or the end of the run. */
export interface LogEvent {
  readonly runId: string;
  readonly sequence: number;
  readonly eventType: string;
  readonly timestamp?: string;
  readonly level?: string;
  readonly message?: string;
  readonly stepId?: string;
  readonly status?: string;
  /** In `stream.resume`: delay before the log is requested again, milliseconds. */
  readonly retryMs?: number;
  /** In `stream.tail`: false if the server stopped searching before it found as many lines as requested. */
  readonly complete?: boolean;
}

/** Kinds of waits that only a person can end. */
export function waitsForPerson(run: RunView): boolean {
  return (
    !isOver(run.status) && run.waits.some(({ kind }) => ['approval', 'policy', 'attention', 'restore'].includes(kind))
  );
}
