import { canonical } from '@taskrunner/core/canonical';
import { pointerTo } from '@taskrunner/core/document';
import type { Json } from '@taskrunner/core/foundation';
import type { ExecutorDescriptor, ValueSchema } from '@taskrunner/core/plan';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { compileSchema, describeFindings, type SchemaFinding } from '@taskrunner/core/schema';
import { failed } from './step/outcome';
import { usable } from './step/usable-schema';

/**
 * Validates parameters and outputs of an executor of a platform team against its descriptor. The planner knows only types; values are known
 * when expressions are evaluated. Codes: `WITH_INVALID` before the executor acts, `OUTPUTS_INVALID` after it has acted. Throws `TypeError`
 * if it returns no outcome.
 */
export class CheckedExecutor extends Executor {
  constructor(
    private readonly inner: Executor,
    private readonly descriptor: ExecutorDescriptor,
  ) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    const wrong = Object.entries(this.descriptor.parameters ?? {}).flatMap(([name, { schema }]) => {
      const value = Object.hasOwn(request.with, name) ? request.with[name] : undefined;
      return value === undefined ? [] : findingsOf(schema, value, pointerTo('', name));
    });
    if (wrong.length > 0) return failed('WITH_INVALID', describeFindings(wrong), false);
    const outcome = await this.inner.execute(request, report);
    if (!isOutcome(outcome)) throw new TypeError('the executor returned no outcome');
    const { outputs } = this.descriptor;
    if (outcome.kind !== 'succeeded') return outcome;
    const fault = faultOf(outcome.outputs);
    if (fault !== null) return failed('OUTPUTS_INVALID', `the outputs are not JSON: ${fault}`, false);
    if (outputs.from !== 'schema') return outcome;
    const found = findingsOf(outputs.schema, outcome.outputs, '');
    return found.length === 0 ? outcome : failed('OUTPUTS_INVALID', describeFindings(found), false);
  }
}

/** Checked at run time, because the class may be written without types. */
function isOutcome(outcome: Partial<Record<string, unknown>> | undefined | null): boolean {
  switch (outcome?.['kind']) {
    case 'succeeded':
      return 'outputs' in outcome;
    case 'failed': {
      const { code, message, retryable, exitCode } = outcome;
      const isSaid = typeof code === 'string' && typeof message === 'string' && typeof retryable === 'boolean';
      return isSaid && (exitCode === null || Number.isSafeInteger(exitCode));
    }
    case 'stopped':
      return typeof outcome['unknown'] === 'boolean';
    case 'lost':
      return typeof outcome['reason'] === 'string';
    case 'deferred':
      return Number.isSafeInteger(outcome['forMs']) && Number(outcome['forMs']) >= 0;
    default:
      return false;
  }
}

/** The reason why a value cannot be stored; null if it can. */
function faultOf(value: Json): string | null {
  try {
    canonical(value);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function findingsOf(schema: ValueSchema, value: Json, at: string): readonly SchemaFinding[] {
  return usable(compileSchema(schema))(value).map(({ pointer, message }) => ({ pointer: `${at}${pointer}`, message }));
}
