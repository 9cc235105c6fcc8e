import { answer } from '../binding/answer';
import { policyInput, type GateRendering } from '../binding/render-gate';
import type { Sight } from '../binding/scope';
import { Missing } from '../binding/values';
import { isCodedError } from '../foundation/coded-error';
import type { Digest, StepId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import type { Actor } from '../foundation/principal';
import type { Policy } from '../plan/plan';
import { compilePolicy } from '../policy/compile-policy';
import type { GateChange } from '../ports/committer';
import type { Command } from '../run/command';
import type { GivenBody } from '../run/run-event';
import type { RunValues } from './run-values';

/** An answered question: the given, the values that its page must carry, and the row of a gate that opens. */
export interface AnsweredQuestion {
  readonly body: GivenBody;
  readonly values: readonly Digest[];
  readonly gate: GateChange | null;
}

/** Answers a question of the tree, fetching the values that it needs. */
export async function answerQuestion(
  sight: Sight,
  values: RunValues,
  { step, question }: Extract<Command, { type: 'answer' }>,
  rendering: GateRendering,
): Promise<AnsweredQuestion> {
  let answered = answer(sight, step, question, rendering);
  while (answered.kind === 'missing') {
    await values.fetch(answered.digests);
    answered = answer(sight, step, question, rendering);
  }
  for (const [digest, value] of answered.values) values.known.set(digest, value);
  const gate = answered.answer.kind === 'gate' ? openedGate(values, step, answered.answer) : null;
  const body: GivenBody = { type: 'question.answered', step, question, answer: answered.answer };
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

/** Asks an embedded policy; a fault in its parameters leaves it undecided, which is closed. */
export async function judgePolicy(
  sight: Sight,
  values: RunValues,
  { step, policy: id }: Extract<Command, { type: 'judge' }>,
  at: number,
  initiators: readonly Actor[],
): Promise<GivenBody> {
  const policy = sight.x.plan.policies.find((one) => one.id === id);
  if (!policy) throw new TypeError('no such policy in the plan');
  const actor = initiators.map((initiator) => ({ ...initiator }));
  for (;;) {
    const missing = new Missing();
    let input: Json = null;
    let verdict = {
      allow: false,
      undecided: true,
      reasons: ['its parameters cannot be evaluated'] as readonly string[],
    };
    try {
      input = policyInput(sight, step, at, actor, missing);
      if (missing.digests.size === 0) verdict = judgement(policy, input as JsonObject);
    } catch (error) {
      if (!isCodedError(error)) throw error;
    }
    if (missing.digests.size === 0) {
      return {
        type: 'policy.judged',
        step,
        ...verdict,
        engine: policy.engine,
        digest: policy.digest,
        input: values.keep(input),
      };
    }
    await values.fetch([...missing.digests]);
  }
}

function judgement(
  policy: Policy,
  input: JsonObject,
): { allow: boolean; undecided: boolean; reasons: readonly string[] } {
  const compiled = compilePolicy({ engine: policy.engine, source: policy.source });
  if (compiled.kind !== 'policy') return { allow: false, undecided: true, reasons: ['the policy does not compile'] };
  const verdict = compiled.policy.evaluate(input);
  return verdict.kind === 'decided'
    ? { allow: verdict.allow, undecided: false, reasons: verdict.reasons }
    : { allow: false, undecided: true, reasons: ['the policy gave no decision'] };
}
