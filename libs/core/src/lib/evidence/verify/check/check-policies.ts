import { sha256 } from '../../../canonical/digest';
import { sameJson } from '../../../canonical/same-json';
import type { StepId } from '../../../foundation/ids';
import type { JsonObject } from '../../../foundation/json';
import { nodeOf } from '../../../plan/place';
import type { Policy } from '../../../plan/plan';
import type { Environment } from '../../../plan/profile';
import { compilePolicy } from '../../../policy/compile-policy';
import { NO_DECISION, type PolicyEngines } from '../../../policy/policy';
import { noVerdict, verdictOn, type Verdict } from '../../../policy/verdict';
import { policyFiles } from '../../statement/derived-files';
import { hasOlderSchemaRules } from '../plan-again';
import { policyAt } from '../../records/policy-records';
import { fileOf } from '../../bundle/read-bundle';
import type { Placed } from '../../records/run-facts';
import { parseUtf8 } from '../../encoding/strict-json';
import { fail } from './verification-session';
import { found, type Checker } from './check';

/**
 * The policies are those of the plan. Each gate with a mandatory policy was evaluated by this policy before it passed, and people overrode
 * every denial. A new evaluation over the input that the run's documents give has the same answer and reasons.
 */
export const policiesHold: Checker = (bundle) => {
  const documents = bundle.documents();
  const { plan, facts, index, environment } = documents;
  const paths = new Set<string>();
  for (const { path, text } of policyFiles(documents)) {
    paths.add(path);
    if (parseUtf8(fileOf(bundle.request.files, path)) !== text) fail(`${path} differs from the plan`);
  }
  for (const path of bundle.request.files.keys()) {
    if (path.startsWith('policies/') && !paths.has(path)) fail(`${path} is not in the plan`);
  }
  for (const { id, source, digest } of plan.policies)
    if (sha256(source) !== digest) fail(`policy ${id} has another digest`);
  const { policyInputs, differs } = bundle.answers();
  if (differs !== null && facts.judged.length > 0) fail(`its inputs were not derived: ${differs}`);
  let again = 0;
  const worded: StepId[] = [];
  for (const judged of facts.judged) {
    const policy = policyAt(index, judged) ?? fail(`${judged.step} evaluates no policy`);
    if (judged.digest !== policy.digest || judged.engine !== policy.engine)
      fail(`${judged.step} was evaluated by another policy`);
    if (judged.undecided && judged.allow) fail(`the policy of ${judged.step} gave no decision, but the gate allowed`);
    const input = policyInputs.get(judged.seq) ?? null;
    const answer = judgeAgain(policy, input, judged, bundle.request.policyEngines ?? {});
    if (answer === null) continue;
    if (answer.undecided !== judged.undecided || answer.allow !== judged.allow)
      fail(`the repeated evaluation of ${judged.step} has another result`);
    if (sameJson(answer.reasons, judged.reasons) || isOfEarlierRelease(judged, environment)) again += 1;
    else if (!answer.undecided) fail(`the repeated evaluation of ${judged.step} has other reasons`);
    else if (!isWhyUndecided(judged)) fail(`${judged.step} states another reason why its policy gave no decision`);
    else worded.push(judged.step);
  }
  for (const { step, status, seq } of facts.stepsEnded) {
    const node = index.nodes.get(nodeOf(step))?.node;
    if (node?.kind !== 'gate' || node.policy === null || status !== 'succeeded') continue;
    const judged =
      facts.judged.findLast((one) => one.step === step && one.seq < seq) ?? fail(`${step} was never evaluated`);
    const level = policyAt(index, judged)?.level;
    if (level === 'advisory' || (judged.allow && !judged.undecided)) continue;
    const overridden = facts.gates.some(({ opened, ended }) => opened.step === step && ended?.outcome === 'approved');
    if (level !== 'soft-mandatory' || !overridden) fail(`${step} passed although its policy denied`);
  }
  if (facts.judged.length === 0) return found('absent', 'none was evaluated');
  const [first] = worded;
  const others = first === undefined ? '' : `; the reason why ${first} is undecided has another wording`;
  if (again < facts.judged.length)
    return found('signed', `${again} of ${facts.judged.length} evaluated again${others}`);
  return found('recomputed', `${again} evaluated again`);
};

/**
 * Null if the engine or the input is not available. Also null if an engine with a time limit gave no decision: that result is closed and
 * cannot be repeated.
 */
function judgeAgain(
  { engine, source }: Policy,
  input: JsonObject | null,
  judged: Placed<'policy.judged'>,
  engines: PolicyEngines,
): Verdict | null {
  if (input === null) return judged.input === null && judged.undecided ? noVerdict(NO_INPUT) : null;
  if (engine !== 'cel' && judged.undecided) return null;
  const compiled = compilePolicy({ engine, source }, engines);
  if (compiled.kind !== 'policy') return null;
  return verdictOn(compiled.policy.evaluate(input, judged.step));
}

const NO_INPUT = 'its input cannot be made';

/** Why there is no decision, in the words of any version of the engine. Only these words may differ between versions. */
function isWhyUndecided({ reasons: [first, ...more] }: Placed<'policy.judged'>): boolean {
  return more.length === 0 && (first ?? '').startsWith(`${NO_DECISION}: `);
}

/** Earlier releases gave only these reasons if there was no decision. */
function isOfEarlierRelease({ undecided, input, reasons }: Placed<'policy.judged'>, environment: Environment): boolean {
  return undecided && hasOlderSchemaRules(environment) && sameJson(reasons, [input === null ? NO_INPUT : NO_DECISION]);
}
