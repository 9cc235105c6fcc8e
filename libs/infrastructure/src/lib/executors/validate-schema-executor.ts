import { Executor, pureOutcome, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './step/behaviours';
import type { DeclaredOutputs } from './step/declared-outputs';
import { refused } from './step/outcome';
import type { PackContent } from './step/pack-content';

/** `builtin:validate-schema`: `with.target` against `with.schema`, inline or a path in the pack; `SCHEMA_INVALID` names the places. */
export class ValidateSchemaExecutor extends Executor {
  readonly uses = 'builtin:validate-schema';
  readonly behaviour = EXECUTOR_BEHAVIOURS[this.uses];

  constructor(
    private readonly pack: PackContent,
    private readonly declared: DeclaredOutputs,
  ) {
    super();
  }

  async execute(request: ExecutionRequest): Promise<Outcome> {
    const { schema } = request.with;
    try {
      const stated = typeof schema === 'string' ? await this.pack.document(request, schema) : undefined;
      return await this.declared.judged(request, pureOutcome(this.uses, request.with, stated));
    } catch (error) {
      return refused(error);
    }
  }
}
