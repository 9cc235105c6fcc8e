import {
  isJsonObject,
  pointerTo,
  type ExecutionRequest,
  type Json,
  type JsonObject,
  type Outcome,
} from '@taskrunner/core';
import { compileSchema, describeViolations, type Violation } from './json-schema';
import { failed, refused } from './outcome';
import type { PackContent } from './pack-content';

/** A value of type `file`: an artifact or a file input. */
const FILE_SCHEMA = { type: 'object', required: ['digest', 'size'] };

/** Judges what a step returns by what it declares (`run.outputs`). */
export class DeclaredOutputs {
  constructor(private readonly pack: PackContent) {}

  /** Success with these outputs, or `OUTPUTS_INVALID`: a declared one is missing or is not what its schema says. */
  async accept(request: ExecutionRequest, outputs: JsonObject, exitCode: number | null = null): Promise<Outcome> {
    const violations: Violation[] = [];
    try {
      for (const [name, schema] of Object.entries(request.node.outputs ?? {})) {
        const path = pointerTo('', name);
        const value = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
        if (value === undefined) violations.push({ path, message: 'is declared, and missing' });
        else {
          const found = compileSchema(await this.schemaOf(request, schema))(value);
          violations.push(...found.map((one) => ({ path: `${path}${one.path}`, message: one.message })));
        }
      }
    } catch (error) {
      return refused(error, exitCode);
    }
    if (violations.length === 0) return { kind: 'succeeded', outputs };
    return failed('OUTPUTS_INVALID', describeViolations(violations), true, exitCode);
  }

  private async schemaOf(request: ExecutionRequest, schema: Json): Promise<Json> {
    if (typeof schema === 'string') return this.pack.document(request.run, schema);
    return isJsonObject(schema) && schema['type'] === 'file' ? FILE_SCHEMA : schema;
  }
}
