import { canonical } from '../../../canonical/canonical';
import { sha256 } from '../../../canonical/digest';
import { decideDial, decideEgress } from '../../../egress/decide-egress';
import type { EgressAttempt } from '../../../egress/egress-log';
import type { EgressRule } from '../../../egress/egress-rule';
import { isJsonObject } from '../../../foundation/json';
import type { RunNode } from '../../../plan/plan';
import { runNodeAt } from '../../../plan/plan-index';
import { rulesOfStep } from '../../../plan/step-egress';
import { egressNdjson } from '../../statement/derived-files';
import { fileOf } from '../../bundle/read-bundle';
import { asJson } from '../../records/run-evidence';
import { closed, flag, nullable, oneOf, readShape, text, whole, type Shape } from '../../encoding/shape';
import { parseCanonical, parseUtf8 } from '../../encoding/strict-json';
import { fail } from './verification-session';
import { found, type Checker } from './check';

/**
 * The closed sockets are those of the journal, and their logs have the journaled digests. Each socket had the rules that plan and profile
 * give to its step. These rules allow every attempt that was allowed: its host and port, the name in its ClientHello, and the dialled
 * address.
 */
export const egressWithin: Checker = (bundle) => {
  const documents = bundle.documents();
  const { evidence, facts, profile, plan, index } = documents;
  if (parseUtf8(fileOf(bundle.request.files, 'egress.ndjson')) !== egressNdjson(documents)) {
    fail('egress.ndjson differs from the journal');
  }
  let unread = 0;
  const known = new Map<RunNode, { readonly rules: readonly EgressRule[]; readonly text: string }>();
  const rulesFor = (node: RunNode): { readonly rules: readonly EgressRule[]; readonly text: string } => {
    const rules = rulesOfStep(plan, profile, node);
    const made = { rules, text: canonical(asJson({ schema: 'taskrunner.egress.v1', rules })) };
    known.set(node, made);
    return made;
  };
  for (const { step, allowed, denied, log } of facts.egress) {
    const text = evidence.egress.get(log);
    if (text === undefined) {
      unread += allowed + denied;
      continue;
    }
    if (sha256(text) !== log) fail(`the attempts of ${step} differ`);
    const [head, ...lines] = text.split('\n').slice(0, -1);
    const attempts = lines.map(parseCanonical);
    const node = runNodeAt(index, step);
    const { rules, text: expected } = known.get(node) ?? rulesFor(node);
    if (head !== expected) fail(`${step} had other egress rules than its plan and profile`);
    const through = attempts.filter((attempt) => isJsonObject(attempt) && attempt['allowed'] === true);
    if (through.length !== allowed || attempts.length !== allowed + denied)
      fail(`the attempts of ${step} have another count`);
    for (const [place, value] of attempts.entries()) {
      const attempt = readShape(attemptShape, value, `an attempt of ${step}`);
      if (attempt.n !== place + 1) fail(`the attempts of ${step} are not numbered from 1`);
      const objection = objectionTo(attempt, rules);
      if (objection !== null) fail(`${step} ${objection}`);
    }
  }
  if (facts.egress.length === 0) return found('absent', 'no sockets');
  return unread > 0
    ? found('signed', `${unread} attempts by digest only`)
    : found('recomputed', `${facts.egress.length} sockets`);
};

const attemptShape = closed<EgressAttempt>({
  n: whole,
  ms: whole,
  via: oneOf('connect', 'http', 'none'),
  host: nullable(text),
  port: nullable(whole),
  sni: nullable(text),
  address: nullable(text),
  sent: whole,
  received: whole,
  allowed: flag,
  code: text as Shape<EgressAttempt['code']>,
});

/** Why the rules do not allow an attempt; null if they do. */
function objectionTo(attempt: EgressAttempt, rules: readonly EgressRule[]): string | null {
  const { via, host, port, sni, address, sent, allowed } = attempt;
  if (!allowed) return sent === 0 ? null : 'sent bytes in an attempt that was denied';
  if (typeof host !== 'string' || typeof port !== 'number') return 'was allowed without a destination';
  const target = { scheme: via === 'connect' ? 'https' : 'http', host, port };
  if (!decideEgress(rules, target).allowed) return `was allowed to ${host}:${port}, which is not listed`;
  if (via === 'connect' && sent > 0 && sni !== host) return `was allowed to ${host} under another name`;
  if (address === null) return sent === 0 ? null : 'sent bytes to no address';
  return decideDial(rules, target, [address]).address === address ? null : `was allowed to ${host} at ${address}`;
}
