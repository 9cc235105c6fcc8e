import { pointerTo } from '../document/json-pointer';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { Node, RunNode } from '../plan/plan';
import { compileSchema } from '../schema/compile-schema';

/** Reports a fault of a script. */
export type ScriptReport = (path: string, code: ScriptFaultCode, message: string, remediation: string) => void;
/** A released code never changes meaning. */
type ScriptFaultCode =
  /** The script has the wrong form. */
  | 'SCRIPT_INVALID'
  | 'SCRIPT_UNKNOWN_STEP'
  /** An outcome that this step cannot have. */
  | 'SCRIPT_IMPOSSIBLE'
  /** Outputs or a response that do not match the declared schema. */
  | 'SCRIPT_VALUE';

/** Members that exclude each other for every step. `isKnown`: the step is known, and `checkOutcome` reports what it cannot do. */
export function checkCombination(written: JsonObject, at: string, isKnown: boolean, fault: ScriptReport): void {
  const { status, outputs, decision, attempts, error } = written;
  const refuse = (name: string, message: string, remediation: string): void =>
    fault(pointerTo(at, name), 'SCRIPT_IMPOSSIBLE', message, remediation);
  const fails = status === 'failed' || status === 'rejected' || status === 'expired';
  if (fails && outputs !== undefined)
    refuse('outputs', 'A failed step cannot have outputs.', 'Remove outputs, or make the step succeed.');
  if (error !== undefined && !fails && attempts === undefined)
    refuse(
      'error',
      'A step that succeeds at the first attempt cannot have an error.',
      'Add status: failed, or attempts above 1.',
    );
  if (!isKnown && decision !== undefined && (outputs !== undefined || attempts !== undefined || error !== undefined))
    refuse('decision', 'A gate has no attempts.', 'Keep only decision and response.');
}

/** Outcomes that the step with this node cannot have. */
export function checkOutcome(node: Node, written: JsonObject, at: string, fault: ScriptReport): void {
  switch (node.kind) {
    case 'run':
      return checkRun(node, written, at, fault);
    case 'gate': {
      for (const name of ['outputs', 'attempts', 'error'] as const)
        if (written[name] !== undefined)
          fault(pointerTo(at, name), 'SCRIPT_IMPOSSIBLE', `A gate has no ${name}.`, 'Write {decision: approved}.');
      const { response, policy, given: supplied, decision, status } = written;
      if (supplied !== undefined && node.policy === null)
        fault(pointerTo(at, 'given'), 'SCRIPT_IMPOSSIBLE', 'This gate has no policy.', 'Write {decision: approved}.');
      if (policy !== undefined && node.policy === null)
        fault(pointerTo(at, 'policy'), 'SCRIPT_IMPOSSIBLE', 'This gate has no policy.', 'Write {decision: approved}.');
      if (policy !== undefined && node.approval === null && (decision ?? status) !== undefined)
        fault(
          pointerTo(at, decision === undefined ? 'status' : 'decision'),
          'SCRIPT_IMPOSSIBLE',
          'This gate cannot be overridden.',
          'Keep only policy, or add overrideApproval to the gate.',
        );
      if (response === undefined) return;
      if (node.form === null || node.policy !== null)
        fault(pointerTo(at, 'response'), 'SCRIPT_IMPOSSIBLE', 'This gate has no form.', 'Remove response.');
      else checkValue(node.form, response, pointerTo(at, 'response'), fault);
      return;
    }
    case 'group':
    case 'parallel':
    case 'map':
    case 'loop':
    case 'conditional':
    case 'pack':
      fault(
        at,
        'SCRIPT_IMPOSSIBLE',
        `The outcome of a ${node.kind} is determined by its steps.`,
        'Script its steps, or use a pattern such as name[*]::step.',
      );
  }
}

function checkRun(node: RunNode, written: JsonObject, at: string, fault: ScriptReport): void {
  const { status, decision, policy, given: supplied, response, attempts, outputs } = written;
  if (
    decision !== undefined ||
    policy !== undefined ||
    supplied !== undefined ||
    response !== undefined ||
    status === 'approved' ||
    status === 'rejected' ||
    status === 'expired'
  )
    fault(at, 'SCRIPT_IMPOSSIBLE', 'Only gates can have a decision.', 'Write {status: succeeded} or {status: failed}.');
  const { maxAttempts } = node.retries;
  if (typeof attempts === 'number' && attempts > maxAttempts)
    fault(
      pointerTo(at, 'attempts'),
      'SCRIPT_IMPOSSIBLE',
      `The step has at most ${maxAttempts} attempts.`,
      'Use fewer attempts, or add retries to the step.',
    );
  if (outputs === undefined || outputs === null || node.outputs === null || status === 'failed') return;
  if (!isJsonObject(outputs)) {
    fault(pointerTo(at, 'outputs'), 'SCRIPT_VALUE', 'Outputs must be an object.', 'Use output names as keys.');
    return;
  }
  for (const [name, schema] of Object.entries(node.outputs)) {
    const value = outputs[name];
    const place = pointerTo(pointerTo(at, 'outputs'), name);
    if (value === undefined)
      fault(pointerTo(at, 'outputs'), 'SCRIPT_VALUE', `The declared output ${name} is missing.`, 'Add it.');
    else if (isJsonObject(schema)) checkValue(schema, value, place, fault);
  }
}

function checkValue(schema: JsonObject, value: Json, at: string, fault: ScriptReport): void {
  const compiled = compileSchema(schema);
  if (compiled.kind === 'invalid') return;
  for (const { pointer, message } of compiled.findings(value))
    fault(at + pointer, 'SCRIPT_VALUE', `The value ${message}.`, 'Use a value that the schema accepts.');
}
