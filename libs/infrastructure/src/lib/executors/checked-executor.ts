import { pointerTo } from '@taskrunner/core/document';
import type { Json } from '@taskrunner/core/foundation';
import type { ExecutorDescriptor, ValueSchema } from '@taskrunner/core/plan';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { compileSchema, describeFindings, type SchemaFinding } from '@taskrunner/core/schema';
import { failed } from './step/outcome';
import { usable } from './step/usable-schema';

/**
 * Validates the parameters and results of a platform team's executor against its descriptor. The planner checks only types; values are
 * known when expressions are evaluated. Codes: `WITH_INVALID` before it acts, `OUTPUTS_INVALID` after it has acted.
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
    const { outputs } = this.descriptor;
    if (outcome.kind !== 'succeeded' || outputs.from !== 'schema') return outcome;
    const found = findingsOf(outputs.schema, outcome.outputs, '');
    return found.length === 0 ? outcome : failed('OUTPUTS_INVALID', describeFindings(found), false);
  }
}

function findingsOf(schema: ValueSchema, value: Json, at: string): readonly SchemaFinding[] {
  return usable(compileSchema(schema))(value).map(({ pointer, message }) => ({ pointer: `${at}${pointer}`, message }));
}
