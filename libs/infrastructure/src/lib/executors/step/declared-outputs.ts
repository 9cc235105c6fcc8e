import type { PureOutcome } from '@taskrunner/core/binding';
import { pointerTo } from '@taskrunner/core/document';
import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { ExecutionRequest, Outcome } from '@taskrunner/core/ports';
import { compileSchema, describeFindings, type SchemaFinding } from '@taskrunner/core/schema';
import { endedPurely, failed, refused } from './outcome';
import type { PackContent } from './pack-content';
import { usable } from './usable-schema';

/** A value of type `file`: an artifact or a file input. */
const FILE_SCHEMA = { type: 'object', required: ['digest', 'size'] };

/** Validates the outputs of a step against its declarations (`run.outputs`). */
export class DeclaredOutputs {
  constructor(private readonly pack: PackContent) {}

  /** Success with these outputs, or `OUTPUTS_INVALID`: a declared output is missing or does not match its schema. */
  async accept(request: ExecutionRequest, outputs: JsonObject, exitCode: number | null = null): Promise<Outcome> {
    const found: SchemaFinding[] = [];
    try {
      for (const [name, schema] of Object.entries(request.node.outputs ?? {})) {
        const pointer = pointerTo('', name);
        const value = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
        if (value === undefined) found.push({ pointer, message: 'is declared but missing' });
        else {
          const own = usable(compileSchema(await this.schemaOf(request, schema)))(value);
          found.push(...own.map((one) => ({ pointer: `${pointer}${one.pointer}`, message: one.message })));
        }
      }
    } catch (error) {
      return refused(error, exitCode);
    }
    if (found.length === 0) return { kind: 'succeeded', outputs };
    return failed('OUTPUTS_INVALID', describeFindings(found), true, exitCode);
  }

  /** The same for the outcome of a pure step. A failure is returned unchanged. */
  async judged(request: ExecutionRequest, outcome: PureOutcome): Promise<Outcome> {
    return outcome.kind === 'succeeded' ? this.accept(request, outcome.outputs) : endedPurely(outcome);
  }

  private async schemaOf(request: ExecutionRequest, schema: Json): Promise<Json> {
    if (typeof schema === 'string') return this.pack.document(request, schema);
    return isJsonObject(schema) && schema['type'] === 'file' ? FILE_SCHEMA : schema;
  }
}
