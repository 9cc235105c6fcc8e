import { sha256 } from '../../canonical/digest';
import { isJsonObject, type Json } from '../../foundation/json';
import { nodeOf } from '../../plan/place';
import type { Policy } from '../../plan/plan';
import { compilePolicy } from '../../policy/compile-policy';
import type { PolicyEngines } from '../../policy/policy';
import { policyFiles } from '../derived-files';
import type { EvidenceDocuments } from '../evidence-documents';
import { policyAt } from '../policy-records';
import { fileOf } from '../read-bundle';
import { digestOfRef, type Placed } from '../run-facts';
import { parseUtf8 } from '../strict-json';
import { fail } from './case';
import { found, type Checker } from './check';

/**
 * The policies are those of the plan; each gate that a mandatory one guards was judged before it let pass, by this policy, and
 * where it was denied, people overrode it; and judged again over the journaled input the answer is the same.
 */
export const policiesHold: Checker = (bundle) => {
  const documents = bundle.documents();
  const { plan, facts, index } = documents;
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
  let again = 0;
  for (const judged of facts.judged) {
    const policy = policyAt(index, judged) ?? fail(`${judged.step} asks no policy`);
    if (judged.digest !== policy.digest || judged.engine !== policy.engine)
      fail(`${judged.step} was judged by another policy`);
    const input = valueOf(documents, digestOfRef(judged.input));
    const answer = judgeAgain(policy, input, judged, bundle.request.policyEngines ?? {});
    if (answer === null) continue;
    again += 1;
    if (answer.undecided !== judged.undecided || answer.allow !== judged.allow)
      fail(`${judged.step} is judged otherwise again`);
  }
  for (const { step, status, seq } of facts.stepsEnded) {
    const node = index.nodes.get(nodeOf(step))?.node;
    if (node?.kind !== 'gate' || node.policy === null || status !== 'succeeded') continue;
    const judged =
      facts.judged.findLast((one) => one.step === step && one.seq < seq) ?? fail(`${step} was never judged`);
    const level = policyAt(index, judged)?.level;
    if (level === 'advisory' || (judged.allow && !judged.undecided)) continue;
    const overridden = facts.gates.some(({ opened, ended }) => opened.step === step && ended?.outcome === 'approved');
    if (level !== 'soft-mandatory' || !overridden) fail(`${step} let pass what its policy denied`);
  }
  if (facts.judged.length === 0) return found('absent', 'none was asked');
  if (again < facts.judged.length) return found('signed', `${again} of ${facts.judged.length} judged again`);
  return found('recomputed', `${again} judged again`);
};

function valueOf({ evidence }: EvidenceDocuments, digest: string | null): Json {
  if (digest === null) return null;
  for (const { values } of evidence.pages) {
    const held: { readonly [digest: string]: Json } = values;
    if (Object.hasOwn(held, digest)) return held[digest] ?? null;
  }
  return null;
}

/**
 * Null if its engine is not here, or its input is not at hand; and for an engine that is bounded by time where it gave no
 * decision: closed, and nobody can repeat that.
 */
function judgeAgain(
  { engine, source }: Policy,
  input: Json,
  judged: Placed<'policy.judged'>,
  engines: PolicyEngines,
): { readonly allow: boolean; readonly undecided: boolean } | null {
  if (!isJsonObject(input) || (engine !== 'cel' && judged.undecided)) return null;
  const compiled = compilePolicy({ engine, source }, engines);
  if (compiled.kind !== 'policy') return null;
  const answer = compiled.policy.evaluate(input, judged.step);
  return answer.kind === 'decided' ? { allow: answer.allow, undecided: false } : { allow: false, undecided: true };
}
