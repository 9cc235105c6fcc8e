import { answer } from '../../binding/answer';
import { policyInput, type GateRendering } from '../../binding/render-gate';
import type { BindingContext } from '../../binding/scope';
import { Missing } from '../../binding/values';
import { causesOf } from '../../foundation/causes';
import { isCodedError } from '../../foundation/coded-error';
import type { Digest, StepId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Actor } from '../../foundation/principal';
import type { Policy } from '../../plan/plan';
import { compilePolicy } from '../../policy/compile-policy';
import { undecided, type PolicyAnswer } from '../../policy/policy';
import { noVerdict, verdictOn, type Verdict } from '../../policy/verdict';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { GateChange } from '../../ports/runs/committer';
import type { PolicyJudges } from '../../ports/packs/policy-judge';
import type { Command } from '../../run/command';
import type { InputEventBody } from '../../run/run-event';
import type { ValueRef } from '../../step/value-ref';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import type { RunValues } from '../claimed-run/run-values';

/** An answered question: the input event, the values that its page must contain, and the row of a gate that opens. */
interface AnsweredQuestion {
  readonly body: InputEventBody;
  readonly values: readonly Digest[];
  readonly gate: GateChange | null;
}

/** The engines of policies beside CEL. */
interface PolicyEngines {
  readonly judges: PolicyJudges;
  /** One threw: its answer is undecided, and the operator must see why. */
  failed(step: StepId, engine: string, error: unknown): void;
}

/** The engines of policies that a driver has for a run. */
export function policyEnginesOf(dependencies: DriverDependencies, run: ClaimedRun): PolicyEngines {
  return {
    judges: dependencies.judges,
    failed: (step, engine, error) =>
      dependencies.alarm(run, 'POLICY_ENGINE_FAILED', { step, engine, causes: causesOf(error, { quotes: false }) }),
  };
}

/** Answers a question of the tree, fetching the values that it needs. */
export async function answerQuestion(
  context: BindingContext,
  values: RunValues,
  { step, question }: Extract<Command, { type: 'answer' }>,
  rendering: GateRendering,
): Promise<AnsweredQuestion> {
  let answered = answer(context, step, question, rendering);
  while (answered.kind === 'missing') {
    await values.fetch(answered.digests);
    answered = answer(context, step, question, rendering);
  }
  for (const [digest, value] of answered.values) values.known.set(digest, value);
  const gate = answered.answer.kind === 'gate' ? openedGate(values, step, answered.answer) : null;
  const body: InputEventBody = { type: 'question.answered', step, question, answer: answered.answer };
  return { body, values: [...answered.values.keys()], gate };
}

function openedGate(
  values: RunValues,
  gate: StepId,
  { gateDigest, expiresAt }: { readonly gateDigest: Digest; readonly expiresAt: number },
): GateChange {
  const request = values.known.get(gateDigest) as JsonObject;
  const { approval, minApprovals } = request['requirement'] as unknown as { approval: string; minApprovals: number };
  const show = values.known.get(request['showDigest'] as Digest) ?? null;
  return { kind: 'opened', gate, approval, gateDigest, request, show, required: minApprovals, expiresAt };
}

/**
 * Asks a policy. A fault in its parameters, an input that is too large, and an engine that is missing or does not answer all give
 * `undecided`, which is closed.
 */
export async function judgePolicy(
  context: () => BindingContext,
  values: RunValues,
  { step, policy: id }: Extract<Command, { type: 'judge' }>,
  at: number,
  initiators: readonly Actor[],
  engines: PolicyEngines,
): Promise<InputEventBody> {
  const policy = context().index.plan.policies.find((one) => one.id === id);
  if (!policy) throw new TypeError('no such policy in the plan');
  const actor = initiators.map((initiator) => ({ ...initiator }));
  for (;;) {
    const missing = new Missing();
    let input: ValueRef = null;
    let verdict: Verdict = noVerdict('its input cannot be made');
    try {
      const made = policyInput(context(), step, at, actor, missing);
      if (missing.digests.size === 0) {
        input = values.keep(made);
        verdict = await verdictOf(policy, made as JsonObject, step, engines);
      }
    } catch (error) {
      if (!isCodedError(error)) throw error;
    }
    if (missing.digests.size === 0) {
      return { type: 'policy.judged', step, ...verdict, engine: policy.engine, digest: policy.digest, input };
    }
    await values.fetch([...missing.digests]);
  }
}

async function verdictOf(policy: Policy, input: JsonObject, step: StepId, engines: PolicyEngines): Promise<Verdict> {
  const { engine, source } = policy;
  if (engine === 'cel') return verdictOn(byCel(source, input, step));
  let answer: PolicyAnswer | undefined;
  try {
    answer = await engines.judges.get(engine)?.judge(policy, input, step);
  } catch (error) {
    engines.failed(step, engine, error);
    return noVerdict(`the engine ${engine} has failed`);
  }
  return answer === undefined ? noVerdict(`this worker has no engine ${engine}`) : verdictOn(answer);
}

function byCel(source: string, input: JsonObject, step: StepId): PolicyAnswer {
  const compiled = compilePolicy({ engine: 'cel', source });
  return compiled.kind === 'policy' ? compiled.policy.evaluate(input, step) : undecided('it does not compile');
}
