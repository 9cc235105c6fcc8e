import { compileSchema, describeFindings, Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './behaviours';
import type { DeclaredOutputs } from './declared-outputs';
import { failed, refused } from './outcome';
import type { PackContent } from './pack-content';
import { usable } from './usable-schema';

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
    const { target = null, schema } = request.with;
    if (schema === undefined || schema === null) return failed('WITH_INVALID', 'with.schema is missing', false);
    try {
      const stated = typeof schema === 'string' ? await this.pack.document(request.run, schema) : schema;
      const findings = usable(compileSchema(stated))(target);
      if (findings.length > 0) return failed('SCHEMA_INVALID', describeFindings(findings), false);
    } catch (error) {
      return refused(error);
    }
    return this.declared.accept(request, { valid: true });
  }
}
