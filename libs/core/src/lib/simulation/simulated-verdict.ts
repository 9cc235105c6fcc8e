import { policyInputWith } from '../binding/render-gate';
import { visibleStep, type BindingContext } from '../binding/scope';
import { Missing } from '../binding/values';
import type { StepId, TenantId } from '../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { GateNode, Policy } from '../plan/plan';
import { nodeAt } from '../plan/plan-index';
import { compilePolicy } from '../policy/compile-policy';
import type { PolicyRead } from '../policy/policy-input';
import { readsOfPolicy } from '../policy/policy-reads';
import { noVerdict, verdictOn, type Verdict } from '../policy/verdict';
import type { Knowledge } from './knowledge';
import type { SuppliedFacts, Outcome } from './script';

const NOTHING_SUPPLIED: SuppliedFacts = { now: null, tenant: null, actor: null };
const ALLOWS: Verdict = { allow: true, undecided: false, reasons: [] };
const DENIES: Verdict = { allow: false, undecided: false, reasons: [] };
/** Placeholder for an unknown requester, for policies that do not read it. */
const NOBODY: Json = [{ iss: 'simulation', sub: 'simulation', kind: 'client' }];

/**
 * The policy verdict in a simulation. The script's answer comes first. Otherwise the policy is evaluated over the input of a run if
 * everything that it reads is known. Otherwise it is assumed to allow. The basis is recorded with the gate.
 */
export function simulatedVerdict(
  knowledge: Knowledge,
  step: StepId,
  policy: Policy,
  scripted: Outcome | null,
): Verdict {
  if (scripted?.answers === true) {
    const allows = scripted.policy === null ? scripted.decision === 'approved' : scripted.policy === 'allows';
    knowledge.judge(step, { by: 'script', verdict: allows ? 'allows' : 'denies', reasons: [], unknown: [] });
    return allows ? ALLOWS : DENIES;
  }
  const supplied = scripted?.given ?? NOTHING_SUPPLIED;
  const assumed = (unknown: readonly string[], why: string): Verdict => {
    knowledge.assume(step, `the policy ${policy.id} allows it: ${why}`);
    knowledge.judge(step, { by: 'assumed', verdict: 'allows', reasons: [], unknown });
    return ALLOWS;
  };
  const compiled = compilePolicy(policy, knowledge.engines);
  if (compiled.kind === 'faults') return assumed([], `the engine ${policy.engine} is not available`);
  const reads = readsOfPolicy(policy);
  const unknown = [...new Set(reads.flatMap((read) => unknownIn(knowledge, step, read, supplied)))].sort();
  if (unknown.length > 0)
    return assumed(unknown, `${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not known`);
  const params = paramsOf(knowledge, step);
  if (params.kind === 'fault') {
    const why = `its parameters cannot be made: ${params.message}`;
    knowledge.judge(step, { by: 'evaluated', verdict: 'undecided', reasons: [why], unknown: [] });
    return noVerdict('its input cannot be made');
  }
  const input = inputFor(knowledge, step, params.value, supplied);
  const answer = compiled.policy.evaluate(input, step);
  const verdict = answer.kind !== 'decided' ? 'undecided' : answer.allow ? 'allows' : 'denies';
  const reasons = answer.kind === 'decided' ? answer.reasons : [answer.message];
  knowledge.judge(step, { by: 'evaluated', verdict, reasons, unknown: [] });
  return verdictOn(answer);
}

function gateAt({ context: binding }: Knowledge, step: StepId): GateNode {
  const { node } = nodeAt(binding.index, step);
  if (node.kind !== 'gate') throw new TypeError('not a gate');
  return node;
}

/** The unknown parts of what a policy reads here, as written. */
function unknownIn(knowledge: Knowledge, step: StepId, read: PolicyRead, supplied: SuppliedFacts): readonly string[] {
  const [root = '', ...path] = read;
  switch (root) {
    case 'plan':
      return [];
    case 'actor':
    case 'tenant':
    case 'now':
      return supplied[root] === null ? [root] : [];
    case 'run':
      return [read.join('.')];
    case 'params':
      return unknownParams(knowledge, step)
        .filter((name) => path[0] === undefined || path[0] === name)
        .map((name) => `params.${name}`);
    case 'steps':
      return unknownSteps(knowledge, step, path);
    default: {
      const unknown = knowledge.unknowns.among(step, [{ root, path, offset: 0 }]);
      return unknown === null ? [] : [unknown];
    }
  }
}

/** Parameters of a gate that depend on unknown values. */
function unknownParams(knowledge: Knowledge, step: StepId): readonly string[] {
  const node = gateAt(knowledge, step);
  return Object.entries(node.with)
    .filter(([name, value]) => knowledge.unknowns.among(step, knowledge.part(node.with, name, value).reads) !== null)
    .map(([name]) => name);
}

function unknownSteps(knowledge: Knowledge, step: StepId, [name, ...path]: readonly string[]): readonly string[] {
  const { index, results } = knowledge.context;
  if (name === undefined)
    return [...new Set([...index.nodes.values()].map((one) => one.name))].flatMap((one) =>
      unknownSteps(knowledge, step, [one]),
    );
  const place = visibleStep(index, step, name);
  // A step that has not ended is absent, as in a run.
  if (place === null || (results.get(place)?.endedAt ?? null) === null) return [];
  const shown = ['steps', name, ...path].join('.');
  if (knowledge.unknowns.among(step, [{ root: 'steps', path: [name, ...path], offset: 0 }]) !== null) return [shown];
  const [member] = path;
  const { node } = nodeAt(index, place);
  // A simulation makes no artifact, whatever outputs the script states.
  const hasFiles = node.kind !== 'gate' && (node.kind !== 'run' || node.effects !== 'pure');
  if (hasFiles && (member === undefined || member === 'artifacts')) return [shown];
  const isCounted = member === undefined || member === 'counts' || member === 'iterations';
  return isCounted && knowledge.unknowns.hasItems(place) ? [shown] : [];
}

/** The known parameters. A fault of one is a fault of the policy. */
function paramsOf(
  knowledge: Knowledge,
  step: StepId,
):
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string } {
  const node = gateAt(knowledge, step);
  const unknown = unknownParams(knowledge, step);
  if (unknown.length === 0)
    return knowledge.evaluate(
      step,
      knowledge.template(node.with, () => node.with),
    );
  const params: Record<string, Json> = {};
  for (const [name, value] of Object.entries(node.with)) {
    if (unknown.includes(name)) continue;
    const made = knowledge.evaluate(step, knowledge.part(node.with, name, value));
    if (made.kind === 'fault') return made;
    params[name] = made.value;
  }
  return { kind: 'value', value: params };
}

/** The policy input of a run. Unknown parts are left out, because the policy does not read them. */
function inputFor(knowledge: Knowledge, step: StepId, params: Json, supplied: SuppliedFacts): JsonObject {
  const { context: binding, planned } = knowledge;
  const context = {
    ...binding.context,
    // A run withholds sensitive inputs from policies.
    inputs: planned.plan.inputs,
    ...(supplied.tenant === null ? {} : { tenant: supplied.tenant as TenantId }),
  };
  const seen: BindingContext = { ...binding, context };
  const asked = { params, actor: supplied.actor ?? NOBODY, at: supplied.now ?? 0 };
  const input = policyInputWith(seen, step, asked, new Missing());
  const { steps } = input;
  const known = Object.entries(isJsonObject(steps) ? steps : {}).map(([name, view]): readonly [string, Json] => {
    const place = visibleStep(binding.index, step, name);
    if (place === null || !isJsonObject(view) || !knowledge.unknowns.has(place)) return [name, view];
    const { outputs: _, artifacts: __, ...rest } = view;
    return [name, rest];
  });
  return { ...input, steps: Object.fromEntries(known) };
}
