import { BrandedError } from '../foundation/branded-error';
import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import type { Digest, StepId } from '../foundation/ids';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { utf8Size } from '../foundation/utf8-size';
import { storableText } from '../foundation/storable-text';
import { ExpressionError } from '../expression/expression-fault';
import { parseExpression, type Expression } from '../expression/expression';
import type { Reference } from '../expression/inspect';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { isItem, ROOT, repeatOf } from '../plan/place';
import { holdInputs } from '../plan/inner-inputs';
import { countedRange, rangeLength, writtenRange } from '../plan/loop-items';
import type { LoopNode } from '../plan/plan';
import { nodeAt, packNodeAt } from '../plan/plan-index';
import type { Answer, Question } from '../step/question';
import { runMessage } from './run-message';
import { gateOutputs, renderGate, type GateRendering } from './render-gate';
import { endOfPack, scopeFor, type BindingContext } from './scope';
import { Missing } from './values';

/** The answer to a question with the values that it adds to the journal, or the digests of values that must be fetched first. */
export type Answered =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly values: ReadonlyMap<Digest, Json> }
  | { readonly kind: 'missing'; readonly digests: readonly Digest[] };

/** Largest size of a value: 16 MiB as RFC 8785 text. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;

class Fault extends BrandedError {
  static {
    this.brand('AnswerFault');
  }

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Answers a question of the tree. Pure: the nonce and the time of a gate come from the driver. Faults are answers, not throws. */
export function answer(context: BindingContext, step: StepId, question: Question, rendering: GateRendering): Answered {
  const missing = new Missing();
  const values = new Map<Digest, Json>();
  const keep = (value: Json): { kind: 'value'; digest: Digest; size: number } => {
    const text = canonical(value);
    if (text.length > MAX_VALUE_BYTES)
      throw new Fault('VALUE_TOO_LARGE', `the value has more than ${MAX_VALUE_BYTES} bytes`);
    const digest = sha256(text);
    values.set(digest, value);
    return { digest, kind: 'value', size: utf8Size(text) };
  };
  let supplied: Answer;
  try {
    supplied = decide(context, step, question, rendering, missing, keep);
  } catch (error) {
    if (missing.digests.size > 0) return { kind: 'missing', digests: [...missing.digests] };
    supplied = faultAnswer(error);
  }
  if (missing.digests.size > 0) return { kind: 'missing', digests: [...missing.digests] };
  return { kind: 'answered', answer: supplied, values };
}

function faultAnswer(error: unknown): Answer {
  if (ExpressionError.is(error) || Fault.is(error))
    return { kind: 'fault', code: error.code, message: storableText(error.message) };
  throw error;
}

type Keep = (value: Json) => { kind: 'value'; digest: Digest; size: number };

function decide(
  context: BindingContext,
  step: StepId,
  question: Question,
  rendering: GateRendering,
  missing: Missing,
  keep: Keep,
): Answer {
  switch (question) {
    case 'when':
      return { kind: 'truth', value: truth(context, step, nodeAt(context.index, step).node.when ?? 'true', missing) };
    case 'items':
      return items(context, step, missing, keep);
    case 'branch': {
      const { node } = nodeAt(context.index, step);
      if (node.kind !== 'conditional') throw new TypeError('not a conditional');
      const taken = node.branches.findIndex((branch) => truth(context, step, branch.when, missing));
      return { kind: 'branch', index: taken >= 0 ? taken : node.otherwise ? node.branches.length : null };
    }
    case 'outputs':
      return { kind: 'outputs', outputs: outputs(context, step, missing, keep) };
    case 'gate':
      return renderGate(context, step, rendering, missing, keep);
    case 'inputs':
      return { kind: 'inputs', inputs: keep(innerInputs(context, step, missing)) };
    case 'reuse':
      throw new TypeError('no expression says what is taken over');
    case 'successMessage':
    case 'failureMessage':
      return { kind: 'message', message: keep(runMessage(context, question, missing)) };
    case 'until': {
      const { node } = nodeAt(context.index, repeatOf(step));
      if (node.kind !== 'loop') throw new TypeError('not a loop');
      return { kind: 'truth', value: truth(context, step, node.until ?? 'true', missing) };
    }
  }
}

function parsed(text: string): Expression {
  const read = parseExpression(text);
  if (read.kind === 'faults')
    throw new Fault(read.faults[0]?.code ?? 'EXPR_SYNTAX', read.faults[0]?.message ?? 'not an expression');
  return read.expression;
}

function truth(context: BindingContext, step: StepId, text: string, missing: Missing): boolean {
  const expression = parsed(text);
  const value = expression.evaluate(scopeFor(context, step, expression.reads, missing));
  if (typeof value !== 'boolean') throw new Fault('EXPR_TYPE', `\`${text}\` must be true or false`);
  return value;
}

function items(context: BindingContext, step: StepId, missing: Missing, keep: Keep): Answer {
  const { node } = nodeAt(context.index, step);
  if (node.kind === 'loop') return loopItems(context, step, node, missing, keep);
  if (node.kind !== 'map') throw new TypeError('not a map');
  const list = evaluate(context, step, node.items, missing);
  if (!isJsonArray(list)) throw new Fault('MAP_ITEMS_TYPE', 'the items are not a list');
  const bound = node.maxItems ?? 100_000;
  if (list.length > bound) throw new Fault('MAP_ITEMS_LIMIT', `${list.length} items, at most ${bound} are allowed`);
  return { kind: 'items', items: keep(list), count: list.length };
}

/** The items of a loop, cut off at `maxIterations`. A range stays a range. */
function loopItems(context: BindingContext, step: StepId, node: LoopNode, missing: Missing, keep: Keep): Answer {
  const { items, maxIterations } = node;
  if (items === null) return { kind: 'items', items: null, count: maxIterations };
  const value = evaluate(context, step, items, missing);
  const written = writtenRange(value);
  if (written !== null) {
    const range = countedRange(written);
    if (range === null)
      throw new Fault('LOOP_RANGE', 'start, end and step of a range must be whole numbers, and step not 0');
    return {
      kind: 'items',
      items: keep({ range: { ...range } }),
      count: Math.min(rangeLength(range), maxIterations),
    };
  }
  if (!isJsonArray(value)) throw new Fault('MAP_ITEMS_TYPE', 'the items are not a list');
  const list = value.slice(0, maxIterations);
  return { kind: 'items', items: keep(list), count: list.length };
}

/** Evaluates every template in a JSON value at a place. */
export function evaluate(context: BindingContext, step: StepId, template: Json, missing: Missing): Json {
  const reads: readonly Reference[] = readsOfTemplate(template);
  return evaluateTemplate(template, scopeFor(context, step, reads, missing));
}

/** The frozen inputs of an inner pack: the caller's `with`, validated against the inputs that the pack declares. */
function innerInputs(context: BindingContext, step: StepId, missing: Missing): Json {
  const node = packNodeAt(context.index, step);
  const supplied = evaluate(context, step, node.with, missing);
  if (missing.digests.size > 0) return null;
  const held = holdInputs(node.inputs, isJsonObject(supplied) ? supplied : {});
  if (held.kind === 'values') return held.values;
  const [first] = held.findings;
  throw new Fault('INPUT_INVALID', first?.message ?? 'the inputs are not valid');
}

function outputs(
  context: BindingContext,
  step: StepId,
  missing: Missing,
  keep: Keep,
): Extract<Answer, { kind: 'outputs' }>['outputs'] {
  if (step === ROOT) {
    const declared = Object.fromEntries(context.index.plan.outputs.map((output) => [output.name, output.value]));
    return keep(evaluate(context, step, declared, missing));
  }
  if (isItem(step)) {
    const { node } = nodeAt(context.index, repeatOf(step));
    const declared: JsonObject =
      (node.kind === 'map' || node.kind === 'loop') && isJsonObject(node.outputs ?? undefined)
        ? (node.outputs ?? {})
        : {};
    return keep(evaluate(context, step, declared, missing));
  }
  const { node } = nodeAt(context.index, step);
  if (node.kind === 'pack') {
    const declared = Object.fromEntries(node.outputs.map((output) => [output.name, output.value]));
    return keep(evaluate(context, endOfPack(step), declared, missing));
  }
  return keep(gateOutputs(context, step, missing));
}
