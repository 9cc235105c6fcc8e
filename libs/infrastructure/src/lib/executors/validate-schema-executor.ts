import { pureOutcome } from '@taskrunner/core/binding';
import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import type { DeclaredOutputs } from './step/declared-outputs';
import { refused } from './step/outcome';
import type { PackContent } from './step/pack-content';

/** `builtin:validate-schema`: `with.target` against `with.schema`, inline or a path in the pack; `SCHEMA_INVALID` names the places. */
export class ValidateSchemaExecutor extends Executor {
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
      return await this.declared.judged(request, pureOutcome('builtin:validate-schema', request.with, stated));
    } catch (error) {
      return refused(error);
    }
  }
}
