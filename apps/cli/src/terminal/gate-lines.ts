import { diffLines, type Digest, type Json } from '@taskrunner/core';
import type { GateView } from '../server/run-views';
import { safeBlock, safeLine } from './safe-text';

/** A gate as an approver reads it. What people and steps wrote is escaped and indented: no line of it can pose as one of these. */
export function gateLines(view: GateView, digest: Digest): readonly string[] {
  const { request, show, approvals, required, ungatedEffects } = view;
  const { requirement, opens, reads, secrets, item, notApplied } = request;
  const plain = (label: string, text: string) => safeLine(`${label.padEnd(13)}${text}`);
  return [
    plain('run', request.runId),
    plain('gate', request.gate + (request.label === null ? '' : ` (${request.label})`)),
    plain('plan hash', request.planHash),
    plain('profile', request.profileDigest),
    plain('status', `${view.status}, ${approvals} of ${required} approvals, until ${request.expiresAt}`),
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
    ...(ungatedEffects !== null && ungatedEffects.length > 0 ? [plain('ungated', ungatedEffects.join(', '))] : []),
    ...changeLines(view.planDiff),
    'message',
    safeBlock(request.message),
    'findings',
    safeBlock(findings(show)),
    plain('you', view.canDecide ? 'may decide' : `may not decide: ${view.why ?? 'unknown'}`),
    plain('gate digest', digest),
  ];
}

/** How the plan differs from what was approved before: as the server compares them, no part of what is decided. */
function changeLines(planDiff: GateView['planDiff']): readonly string[] {
  if (planDiff === null) return [];
  const { against, diff, why } = planDiff;
  if (diff === null) return [safeLine(`changes      since ${against} cannot be told: ${why ?? 'unknown'}`)];
  if (diff.same) return [safeLine(`changes      none since ${against} was approved`)];
  return [safeLine(`changes      since ${against} was approved`), safeBlock(diffLines(diff).join('\n'))];
}

function findings(show: Json): string {
  if (show === null || (typeof show === 'object' && Object.keys(show).length === 0)) return 'none are shown';
  return JSON.stringify(show, null, 2);
}
