import { gateOutcomeWord, type GateOutcome } from '@taskrunner/core/gate';
import type { DecisionView, RunGateView } from '../server/run-views';
import { policyLines } from './policy-lines';
import { safeLine } from './safe-text';

const PROOFS: Readonly<Record<string, string>> = {
  service: 'asserted by the service',
  token: 'a token bound to the decision',
  key: "the person's own key",
};

/** A decision as it is said before the name of the person: `overridden by grace`. */
function gateOutcomeOf(decision: DecisionView['decision'], isOverride: boolean): string {
  if (decision !== 'withdrawn') return gateOutcomeWord(decision, isOverride);
  return isOverride ? 'override withdrawn' : decision;
}

/** A decision: who, when, why, by what proof, and the digest of the signed record. */
export function decisionLines(decision: DecisionView, isOverride = false): readonly string[] {
  const { person, onBehalfOf, actors, reason, response, decidedAt, proof, decisionId, record } = decision;
  const behalf = onBehalfOf === null ? '' : ` on behalf of ${onBehalfOf.sub} of ${onBehalfOf.iss}`;
  return [
    safeLine(`${gateOutcomeOf(decision.decision, isOverride)} by ${person.sub} of ${person.iss}${behalf}`),
    ...(actors ?? []).map(({ iss, sub, kind }) => safeLine(`  through: ${sub} of ${iss} (${kind})`)),
    safeLine(`  at: ${decidedAt}`),
    safeLine(`  why: ${reason ?? 'no reason given'}`),
    ...(response === null ? [] : [safeLine(`  response: ${JSON.stringify(response)}`)]),
    safeLine(`  proof: ${proof} (${PROOFS[proof] ?? 'unknown'})`),
    safeLine(`  record: ${record} (${decisionId})`),
  ];
}

/** A gate of a run: its state, its requirements, its policy verdict, and the deciders. */
export function runGateLines(gate: RunGateView): readonly string[] {
  const { requirement, policy, decisions } = gate;
  const inner = [
    ...(requirement === null ? [] : [safeLine(`needs: ${needsOf(gate, requirement)}`)]),
    ...(policy === null ? [] : policyLines(policy)),
    ...(policy !== null && gate.status === 'approved' ? ['people overrode the denial'] : []),
    ...(policy !== null && gate.status === 'open' ? ['approving overrides the denial'] : []),
    ...decisions.flatMap((one) => decisionLines(one, policy !== null)),
    ...(gate.gateDigest === null ? [] : [safeLine(`gate digest: ${gate.gateDigest}`)]),
  ];
  const label = gate.label === null || gate.label === '' ? '' : ` (${gate.label})`;
  return [safeLine(`gate ${gate.gateId}${label}: ${statusOf(gate)}`), ...inner.map((line) => `  ${line}`)];
}

function statusOf({ status, reason, required, approvals, until, endedAt, policy, gateDigest }: RunGateView): string {
  const asked = required === null ? '' : `, ${approvals} of ${required} approvals`;
  if (status === 'open') return `open${asked}, until ${until ?? '?'}`;
  const code = reason === null ? '' : ` (${reason})`;
  const isOverride = policy !== null && gateDigest !== null;
  const word = isOutcome(status) ? gateOutcomeWord(status, isOverride) : status.replaceAll('_', ' ');
  return `${word}${asked}${code}${endedAt === null ? '' : `, ended ${endedAt}`}`;
}

const OUTCOMES: ReadonlySet<string> = new Set<GateOutcome>(['approved', 'rejected', 'expired', 'closed']);

function isOutcome(status: string): status is GateOutcome {
  return OUTCOMES.has(status);
}

function needsOf(
  { approval }: RunGateView,
  { grants, minApprovals, proof }: NonNullable<RunGateView['requirement']>,
): string {
  const people = `${minApprovals} ${minApprovals === 1 ? 'person' : 'people'}`;
  return `${people} with ${grants.join(' and ')}, proof ${proof} (approval ${approval ?? '?'})`;
}
