import type { DecisionRecord } from '../../evidence/records/documents';
import { isJsonObject, type Json } from '../../foundation/json';
import { oneLine, shortenVerdict, verdictInRequest, verdictText, type PolicyVerdict } from '../../gate/policy-verdict';
import type { Plan } from '../../plan/plan';
import { NO_DECISION } from '../../policy/policy';
import type { StepRow } from '../../ports/runs/committer';
import type { GateRow } from '../../ports/gates/gate-store';
import type { RunSummary } from '../../ports/runs/run-reader';
import { RUN_REASONS } from '../steps/gate-outcome';
import { gateNodeOf, recordsOf, requestOf } from './gate-view';
import { approvalsInForce } from '../../stored/stored-gate';

/** The policy of a gate in a plan; null if it has none. */
export function policyOfGate(
  plan: Plan,
  gate: string,
): Pick<PolicyVerdict, 'id' | 'level' | 'engine' | 'digest'> | null {
  const policy = gateNodeOf(plan, gate)?.policy ?? null;
  return plan.policies.find(({ id }) => id === policy) ?? null;
}

/**
 * The policy verdict that people are or were asked to override; null for a gate without a policy. `plan`: for requests that do not name the
 * policy.
 */
export function overriddenVerdict(row: GateRow, plan: Plan | null): PolicyVerdict | null {
  return verdictInRequest(requestOf(row).policy, plan && policyOfGate(plan, row.gate));
}

/**
 * The policy verdict of a gate according to the row of its step. While the gate waits and if it failed it is under `error`, if it passed in
 * the outputs. Null if the gate has no policy or the policy has not answered.
 */
export function judgedVerdict(plan: Plan, { step, status, reason, error, outputs }: StepRow): PolicyVerdict | null {
  const policy = policyOfGate(plan, step);
  if (!policy) return null;
  const { id, level, engine, digest } = policy;
  const kept = isJsonObject(error) ? error['policy'] : null;
  if (isJsonObject(kept)) return kept as unknown as PolicyVerdict;
  if (status === 'failed' && (reason === 'POLICY_DENIED' || reason === 'POLICY_UNDECIDED')) {
    // The run ended before rows held reasons. They are only in its journal.
    return { id, level, engine, digest, result: reason === 'POLICY_DENIED' ? 'deny' : 'undecided', reasons: [] };
  }
  if (status !== 'succeeded' || !isJsonObject(outputs)) return null;
  const reasons = textsOf(outputs['reasons']);
  // Outputs do not record that an advisory policy was undecided; its reason does.
  const refused = reasons[0]?.startsWith(NO_DECISION) ? 'undecided' : 'deny';
  return { id, level, engine, digest, result: outputs['allow'] === true ? 'allow' : refused, reasons };
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** The state of a gate with a row, in one line for refusals. */
export function describeGate(row: GateRow): string {
  const { gate, state, approvals, required, runStatus, doomed } = row;
  const name = `gate ${oneLine(gate)}`;
  const counted = `${approvals} of ${required} approvals`;
  switch (state) {
    case 'approved':
      return `${name} was approved by ${approvalsInForce(recordsOf(row)).map(deciderText).join(' and ')}`;
    case 'rejected': {
      const rejection = recordsOf(row).findLast(({ decision }) => decision === 'rejected');
      return `${name} was rejected${rejection ? ` by ${deciderText(rejection)}${reasonText(rejection)}` : ''}`;
    }
    case 'expired':
      return `${name} expired at ${instant(row.expiresAt)} with ${counted}`;
    case 'closed':
      return `${name} was closed with ${counted}: the run ended first`;
    case 'open':
      if (doomed) return `${name} accepts no decisions: another gate of the run was rejected or has expired`;
      if (runStatus !== 'waiting' && runStatus !== 'running')
        return `${name} accepts no decisions: the run is ${runStatus}`;
      return `${name} is open until ${instant(row.expiresAt)} with ${counted}`;
  }
}

function deciderText({ person, onBehalfOf, decidedAt }: DecisionRecord): string {
  const behalf = onBehalfOf ? ` on behalf of ${oneLine(onBehalfOf.sub)} of ${oneLine(onBehalfOf.iss)}` : '';
  return `${oneLine(person.sub)} of ${oneLine(person.iss)}${behalf} at ${decidedAt}`;
}

function reasonText({ reason }: DecisionRecord): string {
  return reason === null ? '' : `: ${oneLine(reason)}`;
}

/** The state of a gate of the plan without a row: people were never asked there. */
export function absenceOf(gate: string, plan: Plan, step: StepRow | null, run: RunSummary): string {
  const name = `gate ${oneLine(gate)}`;
  const verdict = step && judgedVerdict(plan, step);
  const said = verdict ? `: ${verdictText(shortenVerdict(verdict, RUN_REASONS.count, RUN_REASONS.characters))}` : '';
  switch (step?.status) {
    case 'succeeded':
      return `${name} passed without people${said}`;
    case 'failed':
      return `${name} never opened for people${said || `: ${step.reason ?? 'it failed'}`}`;
    case 'skipped':
    case 'cancelled':
      return `${name} never opened: it was ${step.status} (${step.reason ?? 'no code'})`;
    default:
      return run.finishedAt === null
        ? `${name} is not open yet`
        : `${name} was not reached: the run ended ${run.status}`;
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
