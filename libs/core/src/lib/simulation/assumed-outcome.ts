import type { StepId } from '../foundation/ids';
import { isJsonObject, type JsonObject } from '../foundation/json';
import { parseDuration } from '../pack/model/duration';
import { verbatimParameters } from '../plan/builtin-executors';
import type { RunNode } from '../plan/plan';
import { runNodeAt } from '../plan/plan-index';
import type { Command } from '../run/command';
import type { InputEventBody } from '../run/run-event';
import type { ValueRef } from '../step/value-ref';
import type { Knowledge } from './knowledge';
import type { Script } from './script';

/** The outcome of an execution: the script's, otherwise the executor's if it can be computed, otherwise success with unknown outputs. */
export function assumedOutcome(
  knowledge: Knowledge,
  script: Script,
  { step, attempt, execution }: Extract<Command, { type: 'start' }>,
  at: number,
): InputEventBody {
  const node = runNodeAt(knowledge.context.index, step);
  const scripted = script.outcomeOf(step);
  const failed = (code: string, message: string, retryable: boolean): InputEventBody => ({
    type: 'attempt.failed',
    step,
    execution,
    code,
    message,
    retryable,
    exitCode: null,
  });
  const succeeded = (outputs: ValueRef): InputEventBody => ({ execution, outputs, step, type: 'attempt.succeeded' });
  const parts = bound(knowledge, step, node);
  if (parts.kind === 'fault') return failed(parts.code, parts.message, false);
  if (scripted !== null) {
    const last = scripted.attempts ?? (scripted.status === 'failed' ? node.retries.maxAttempts : 1);
    const { code, message, retryable } = scripted.error;
    if (attempt < last) return failed(code, message, retryable);
    if (scripted.status === 'failed') return failed(code, message, retryable && scripted.attempts === null);
    if (scripted.outputs !== null) return succeeded(knowledge.keep(scripted.outputs.value));
  }
  const { unknown, with: parameters } = parts;
  switch (node.uses) {
    case 'builtin:fail':
      if (scripted !== null) return succeeded(null);
      return failed(
        'STEP_FAILED',
        typeof parameters?.['message'] === 'string' ? parameters['message'] : 'the step fails',
        false,
      );
    case 'builtin:wait': {
      const time = typeof parameters?.['for'] === 'string' ? parseDuration(parameters['for']) : null;
      return time === null ? succeeded(null) : { type: 'attempt.deferred', step, execution, until: at + time };
    }
    case 'builtin:noop':
    case 'builtin:transform': {
      const made = node.uses === 'builtin:noop' ? parameters : parameters?.['outputs'];
      if (made !== undefined && made !== null) return succeeded(knowledge.keep(made));
      knowledge.assume(step, `${unknown ?? 'its parameters'} is not known, so values that depend on it are unknown`);
      break;
    }
    case 'builtin:validate-schema':
      knowledge.assume(step, 'the target is valid');
      return succeeded(knowledge.keep({ valid: true }));
    default:
      knowledge.assume(step, 'it succeeds');
  }
  knowledge.unknowns.assumeOutputs(step);
  return succeeded(null);
}

/** Parameters of a leaf as far as they are known. A fault of their expressions fails the attempt. */
function bound(
  knowledge: Knowledge,
  step: StepId,
  node: RunNode,
):
  | { readonly kind: 'bound'; readonly with: JsonObject | null; readonly unknown: string | null }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string } {
  const verbatim = verbatimParameters(node.uses);
  const template = knowledge.template(node, () => ({
    with: Object.fromEntries(Object.entries(node.with).filter(([name]) => !verbatim.includes(name))),
    env: node.env,
    files: node.files,
  }));
  const unknown = knowledge.unknowns.among(step, template.reads);
  if (unknown !== null) return { kind: 'bound', with: null, unknown };
  const made = knowledge.evaluate(step, template);
  if (made.kind === 'fault') return made;
  const parameters = isJsonObject(made.value) ? made.value['with'] : undefined;
  return { kind: 'bound', with: isJsonObject(parameters) ? parameters : null, unknown: null };
}
