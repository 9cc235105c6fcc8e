import { answer } from '../binding/answer';
import { itemsLeftOut, itemsLeftOutText } from '../binding/left-out-items';
import { messageTemplate } from '../binding/run-message';
import { parseExpression } from '../expression/expression';
import { readsOfTemplate } from '../expression/json-template';
import type { StepId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import { isItem, nodeOf, repeatOf, ROOT } from '../plan/place';
import { endOfPack } from '../binding/scope';
import type { Json } from '../foundation/json';
import type { Node } from '../plan/plan';
import { nodeAt, packNodeAt } from '../plan/plan-index';
import type { Answer, MessageQuestion, Question } from '../step/question';
import { NO_DOCUMENT, type Knowledge } from './knowledge';

/**
 * Answers a question of the machine at a virtual time. If a value is unknown, an answer is assumed and recorded: a condition is true (so
 * that a loop ends), a list has one item.
 */
export function assumedAnswer(knowledge: Knowledge, step: StepId, question: Question, at: number): Answer {
  switch (question) {
    case 'when':
      return truth(knowledge, step, nodeAt(knowledge.context.index, step).node.when ?? 'true');
    case 'branch':
      return branch(knowledge, step);
    case 'items':
      return items(knowledge, step, at);
    case 'gate':
      return gate(knowledge, step, at);
    case 'outputs':
      return outputs(knowledge, step, at);
    case 'inputs':
      return inputs(knowledge, step, at);
    case 'successMessage':
    case 'failureMessage':
      return message(knowledge, question, at);
    case 'reuse':
      throw new TypeError('a simulation does nothing again');
    case 'until': {
      const { node } = nodeAt(knowledge.context.index, repeatOf(step));
      if (node.kind !== 'loop') throw new TypeError('not a loop');
      return truth(knowledge, step, node.until ?? 'true');
    }
  }
}

function truth(knowledge: Knowledge, step: StepId, text: string): Extract<Answer, { kind: 'truth' | 'fault' }> {
  const parsed = parseExpression(text);
  if (parsed.kind === 'faults') throw new TypeError('the plan holds what is not an expression');
  const unknown = knowledge.unknowns.among(step, parsed.expression.reads);
  if (unknown !== null) {
    knowledge.assume(step, `${text} holds: ${unknown} is not known`);
    return { kind: 'truth', value: true };
  }
  const made = knowledge.evaluate(step, parsed.expression);
  if (made.kind === 'fault') return made;
  return typeof made.value === 'boolean'
    ? { kind: 'truth', value: made.value }
    : { kind: 'fault', code: 'EXPR_TYPE', message: `\`${text}\` must be true or false` };
}

function branch(knowledge: Knowledge, step: StepId): Answer {
  const { node } = nodeAt(knowledge.context.index, step);
  if (node.kind !== 'conditional') throw new TypeError('not a conditional');
  for (const [index, { when }] of node.branches.entries()) {
    const holds = truth(knowledge, step, when);
    if (holds.kind === 'fault') return holds;
    if (!holds.value) continue;
    knowledge.branches.set(step, index);
    return { kind: 'branch', index };
  }
  const index = node.otherwise === null ? null : node.branches.length;
  if (index !== null) knowledge.branches.set(step, index);
  return { kind: 'branch', index };
}

function items(knowledge: Knowledge, step: StepId, at: number): Answer {
  const { node } = nodeAt(knowledge.context.index, step);
  if (node.kind !== 'map' && node.kind !== 'loop') throw new TypeError('neither a map nor a loop');
  const template = knowledge.template(node, () => node.items);
  const unknown = knowledge.unknowns.among(step, template.reads);
  if (unknown === null) {
    const found = asked(knowledge, step, at, 'items');
    const leftOut = itemsLeftOut(knowledge.context, step, found);
    if (leftOut) knowledge.trace(nodeOf(step)).notes.add(itemsLeftOutText(leftOut));
    return found;
  }
  knowledge.assume(step, `one item: ${unknown} is not known`);
  knowledge.unknowns.assumeItems(step);
  return { kind: 'items', items: knowledge.keep([null]), count: 1 };
}

/** The frozen inputs of an inner pack. Inputs with unknown values are null, and stay unknown inside. */
function inputs(knowledge: Knowledge, step: StepId, at: number): Answer {
  const node = packNodeAt(knowledge.context.index, step);
  const unknown = Object.entries(node.with).filter(
    ([name, value]) => knowledge.unknowns.among(step, knowledge.part(node, name, value).reads) !== null,
  );
  if (unknown.length === 0) return asked(knowledge, step, at, 'inputs');
  const names = unknown.map(([name]) => name);
  knowledge.assume(step, `unknown inputs: ${names.join(', ')}`);
  knowledge.unknowns.assumeInputs(step, names);
  const known: Record<string, Json> = {};
  for (const { name, default: fallback } of node.inputs) {
    known[name] = names.includes(name) ? null : fallback;
    if (names.includes(name) || !Object.hasOwn(node.with, name)) continue;
    const made = knowledge.evaluate(step, knowledge.part(node, name, node.with[name] ?? null));
    if (made.kind === 'fault') return made;
    known[name] = made.value ?? fallback;
  }
  return { kind: 'inputs', inputs: knowledge.keep(known) };
}

function gate(knowledge: Knowledge, step: StepId, at: number): Answer {
  const { node } = nodeAt(knowledge.context.index, step);
  if (node.kind !== 'gate') throw new TypeError('not a gate');
  const template = knowledge.template(node, () => ({ message: node.message, show: node.show }));
  if (knowledge.unknowns.among(step, template.reads) === null) return asked(knowledge, step, at, 'gate');
  const { plan, defaults, approvalFloor } = knowledge.context.index;
  const approval = plan.approvals.find(({ id }) => id === node.approval);
  const expiresAt = at + Math.min(approval?.expiresAfterMs ?? defaults.expiresAfterMs, approvalFloor.maxExpiresAfterMs);
  const request = knowledge.keep({ gate: step });
  return {
    kind: 'gate',
    request,
    gateDigest: request.digest,
    expiresAt,
    executeBy: expiresAt + (approval?.executeWithinMs ?? defaults.executeWithinMs),
  };
}

function outputs(knowledge: Knowledge, step: StepId, at: number): Answer {
  const { index } = knowledge.context;
  const { plan } = index;
  if (step !== ROOT && !isItem(step)) {
    const { node } = nodeAt(index, step);
    if (node.kind === 'pack') {
      const declared = Object.fromEntries(node.outputs.map(({ name, value }) => [name, value]));
      const template = knowledge.template(node.outputs, () => declared);
      if (knowledge.unknowns.among(endOfPack(step), template.reads) === null)
        return asked(knowledge, step, at, 'outputs');
      knowledge.unknowns.assumeOutputs(step);
      return { kind: 'outputs', outputs: null };
    }
    const answered = knowledge.results.get(step)?.gate?.decisions.some(({ response }) => response !== null) ?? false;
    if (node.kind === 'gate' && node.form !== null && !answered) knowledge.unknowns.assumeOutputs(step);
    return asked(knowledge, step, at, 'outputs');
  }
  const repeat = step === ROOT ? null : nodeAt(index, repeatOf(step)).node;
  const template =
    repeat === null
      ? knowledge.template(plan, () => Object.fromEntries(plan.outputs.map(({ name, value }) => [name, value])))
      : knowledge.template(declaredBy(repeat) ?? repeat, () => declaredBy(repeat));
  if (knowledge.unknowns.among(step, template.reads) === null) return asked(knowledge, step, at, 'outputs');
  knowledge.unknowns.assumeOutputs(step);
  return { kind: 'outputs', outputs: null };
}

/** The message of the run. One that is unknown is answered as the pack states it, and the report says that it is not known. */
function message(knowledge: Knowledge, question: MessageQuestion, at: number): Answer {
  const template = messageTemplate(knowledge.context.index, question);
  if (knowledge.unknowns.among(ROOT, readsOfTemplate(template)) === null) return asked(knowledge, ROOT, at, question);
  return { kind: 'message', message: knowledge.keep(template) };
}

/** The declared result of an item of a map or loop. */
function declaredBy(node: Node): JsonObject | null {
  return node.kind === 'map' || node.kind === 'loop' ? node.outputs : null;
}

/** Known values are answered by the function that answers a real run. */
function asked(knowledge: Knowledge, step: StepId, at: number, question: Question): Answer {
  const { profileDigest } = knowledge.planned;
  const supplied = answer(knowledge.context, step, question, {
    at,
    nonce: 'simulation',
    profileDigest,
    admissionDigest: NO_DOCUMENT,
  });
  if (supplied.kind === 'missing') throw new TypeError('a value of the simulation is missing');
  knowledge.keepAll(supplied.values);
  return supplied.answer;
}
