import { isJsonObject, type Digest, type Json, type StepId } from '@taskrunner/core/foundation';
import { rankedFindings, unreachableQuorum, verdictInRequest, waysOut } from '@taskrunner/core/gate';
import { diffLines, nodeOf } from '@taskrunner/core/plan';
import type { GateView, PolicyView } from '../../server/run-views';
import { decisionLines } from '../decision-lines';
import { plannedLines, type PlannedBehind } from './planned-lines';
import { policyLines } from '../policy-lines';
import { safeBlock, safeLine, wrapped } from '../safe-text';
import { shortened } from './shortened';

const NO_FINDINGS = 'none';

/** What is shown besides the request, and how. */
interface Shown {
  readonly planned?: PlannedBehind | null;
  readonly form?: readonly string[];
  readonly full?: string | null;
  /** Denials that were overridden at other gates of the run. */
  readonly overridden?: readonly string[];
}

/**
 * A gate for an approver. Texts from people, policies and steps are escaped and indented, also where a terminal of `columns` wraps them, so
 * that none of their lines can pass for one of these. `planned`: what the steps behind the gate do; null: not shown. `form`: lines of the form
 * that an approval fills in. `full`: the command that prints long inputs, findings and values of steps whole; null: they are whole here. The
 * message, the form and the digest are never cut.
 */
export function gateLines(
  view: GateView,
  digest: Digest,
  columns = Infinity,
  { planned = null, form = [], full = null, overridden = [] }: Shown = {},
): readonly string[] {
  const { request, show, approvals, required, ungatedEffects, pack, requester } = view;
  const { requirement, opens, reads, secrets, item, notApplied } = request;
  const policy = policyShown(view);
  const found = shortened(findings(show), full);
  // A policy is no approval rule: steps behind it are listed as ungated, although they wait for this gate.
  const behind = new Set(opens.map((step) => nodeOf(step as StepId) as string));
  const free = (ungatedEffects ?? []).filter((step) => !behind.has(step));
  const byPolicy = (ungatedEffects ?? []).filter((step) => behind.has(step));
  const plain = (label: string, text: string) => safeLine(`${label.padEnd(13)}${text}`);
  const lines = [
    ...(pack === undefined ? [] : [plain('pack', `${pack.name} ${pack.version}`)]),
    ...(requester === undefined
      ? []
      : [plain('requested by', `${requester.name} (${requester.id} of ${requester.iss})`)]),
    plain('run', request.runId),
    plain('gate', request.gate + (request.label === null ? '' : ` (${request.label})`)),
    plain('plan hash', request.planHash),
    plain('profile', request.profileDigest),
    plain('status', `${view.status}, ${approvals} of ${required} approvals, until ${request.expiresAt}`),
    ...quorumLines(view),
    plain('start by', `${request.executeBy}, for steps with effects behind the gate`),
    plain('needs', requirement.grants.join(' and ') + (requirement.reasonRequired ? ', with a reason' : '')),
    ...(requirement.actors
      ? [plain('may act', requirement.actors.map(({ iss, sub }) => `${sub} of ${iss}`).join(', '))]
      : []),
    plain('opens', opens.join(', ') || 'nothing'),
    ...(Object.keys(reads).length > 0 ? [plain('read behind', Object.keys(reads).join(', '))] : []),
    ...(secrets.length > 0
      ? [plain('secrets', secrets.map(({ name, version }) => `${name} (${version})`).join(', '))]
      : []),
    ...(item === null ? [] : [plain('item', item)]),
    ...(notApplied.length > 0 ? [plain('not applied', notApplied.join(', '))] : []),
    ...(free.length > 0 ? [plain('ungated', free.join(', '))] : []),
    ...(byPolicy.length > 0
      ? [plain('policy only', `${byPolicy.join(', ')}: no approval, had the policy allowed it`)]
      : []),
    ...(planned === null ? [] : plannedLines(planned, full)),
    ...changeLines(view.planDiff),
    ...(policy === null ? [] : ['policy', ...policyLines(policy).map((line) => `  ${line}`)]),
    ...overridden,
    'message',
    safeBlock(request.message === '' ? 'none' : request.message),
    // Below the reasons of a denial it would read as if the policy had found nothing.
    ...(policy !== null && found.text === NO_FINDINGS ? [] : ['findings', safeBlock(found.text)]),
    ...(found.cut === null ? [] : [safeLine(`findings ${found.cut}`)]),
    ...severityLines(show, found.cut !== null),
    ...(view.decisions ?? []).flatMap((one) =>
      decisionLines(one, policy !== null).map((line, i) => (i === 0 ? line : `  ${line}`)),
    ),
    ...(view.suggestedReason == null ? [] : ['suggested reason', safeBlock(view.suggestedReason)]),
    ...form,
    plain('you', youText(view)),
    // Close to the prompt, because long reasons and findings scroll earlier lines out of sight.
    ...(policy === null
      ? []
      : [plain('overrides', `approving overrides the denial of policy ${policy.id} (${policy.level})`)]),
    plain('gate digest', digest),
  ];
  return lines.flatMap((line) => line.split('\n')).flatMap((line) => wrapped(line, columns));
}

/** What the caller can do at the gate. */
function youText({ canDecide, why }: GateView): string {
  if (canDecide) return 'may decide';
  return why === 'GATE_ALREADY_COUNTED'
    ? 'have approved; you can withdraw or reject'
    : `may not decide: ${why ?? 'unknown'}`;
}

/** That nobody can open the gate, who can change that, and what ends the run otherwise. */
function quorumLines(view: GateView): readonly string[] {
  const gap = unreachableQuorum(view);
  if (gap === null) return [];
  const { approvals, required, until, requester, request } = view;
  const line = (label: string, text: string): string => safeLine(`${label.padEnd(13)}${text}`);
  return [
    line(
      'quorum',
      `nobody can open this gate: it has ${approvals} of ${required} approvals, and ${gap.left} of the people whom the server knows can still approve`,
    ),
    ...waysOut({ grants: request.requirement.grants, requester: requester?.name ?? null, until }).map((text) =>
      line('', text),
    ),
  ];
}

/**
 * The verdict that people are asked to override. It is read from the request, which the digest covers. The policy's name comes from the
 * server if the request, of an earlier version, lacks it.
 */
function policyShown({ request, policy = null }: GateView): PolicyView | null {
  const known = policy ?? { id: 'unknown', level: 'soft-mandatory' as const };
  return verdictInRequest(request.policy, known);
}

/** The difference between the plan and the previously approved one, according to the server. It is not part of the decision. */
function changeLines(planDiff: GateView['planDiff']): readonly string[] {
  if (planDiff === null) return ['changes      everything is new: no run of this pack has been approved before'];
  const { against, approvedAt = null, approvedBy = [], diff, why } = planDiff;
  const by = approvedBy.length === 0 ? '' : ` by ${approvedBy.map(({ sub, name }) => name ?? sub).join(', ')}`;
  const approved = `${against} was approved${approvedAt === null ? '' : ` at ${approvedAt}`}${by}`;
  if (diff === null) return [safeLine(`changes      since ${against} are unknown: ${why ?? 'unknown'}`)];
  if (diff.same) return [safeLine(`changes      none since ${approved}`)];
  return [safeLine(`changes      since ${approved}`), safeBlock(diffLines(diff).join('\n'))];
}

/** Findings of each list before a decision, of which a value that is cut would show the first ones only. */
const MOST_FINDINGS = 5;

/** How many findings each list has of each severity, and the worst of them if the lists are cut. */
function severityLines(show: Json, isCut: boolean): readonly string[] {
  const lists = Array.isArray(show) ? [['findings', show] as const] : isJsonObject(show) ? Object.entries(show) : [];
  return lists.flatMap(([name, list]) => {
    const found = Array.isArray(list) ? rankedFindings(list as readonly Json[]) : null;
    if (found === null) return [];
    const { rows, counts } = found;
    return [
      safeLine(`severities   ${name}: ${rows.length} rows, ${counts.join(', ')}`),
      ...(isCut ? rows.slice(0, MOST_FINDINGS) : []).map((row) => safeBlock(shortened(JSON.stringify(row), '').text)),
    ];
  });
}

function findings(show: Json): string {
  if (show === null || (typeof show === 'object' && Object.keys(show).length === 0)) return NO_FINDINGS;
  return JSON.stringify(show, null, 2);
}
