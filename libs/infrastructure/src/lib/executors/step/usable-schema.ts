import type { Json } from '@taskrunner/core/foundation';
import type { CompiledSchema, SchemaFinding } from '@taskrunner/core/schema';
import { refusal } from './executor-error';

/** Compiles a schema; an invalid one is `SCHEMA_UNUSABLE`, with each place. */
export function usable(compiled: CompiledSchema): (value: Json) => readonly SchemaFinding[] {
  if (compiled.kind === 'schema') return compiled.findings;
  const reasons = compiled.faults.map(({ pointer, message }) => `${pointer || '(root)'} ${message}`);
  throw refusal('SCHEMA_UNUSABLE', `the schema cannot be used: ${reasons.join('; ').slice(0, 500)}`);
}
