import { canonical } from '../../canonical/canonical';
import { pointerTo } from '../../document/json-pointer';
import { faultAt, type Fault } from '../../foundation/fault';
import { isJsonObject, type Json } from '../../foundation/json';
import type { RunNode } from '../../plan/plan';
import { compileSchema } from '../../schema/compile-schema';
import { DecisionError } from './decision-error';
import { INLINE_BYTES } from '../claimed-run/run-values';

/**
 * The outputs that a person states for a step: an object with every declared output, valid against its schema, at most 64 KiB. Throws
 * `ATTENTION_OUTPUTS_INVALID` with every fault.
 */
export function checkResolvedOutputs({ outputs: declared }: RunNode, outputs: Json): void {
  const supplied = outputs ?? {};
  if (!isJsonObject(supplied)) throw new DecisionError('ATTENTION_OUTPUTS_INVALID', 'outputs must be an object');
  if (new TextEncoder().encode(canonical(supplied)).length > INLINE_BYTES)
    throw new DecisionError('ATTENTION_OUTPUTS_INVALID', `outputs exceed ${INLINE_BYTES} bytes`);
  const faults = Object.entries(declared ?? {}).flatMap(([name, schema]): Fault[] => {
    const at = pointerTo('/outputs', name);
    const value = Object.hasOwn(supplied, name) ? supplied[name] : undefined;
    if (value === undefined) return [outputFault(at, 'the output is declared by the step, but it is missing')];
    const compiled = compileSchema(isJsonObject(schema) ? schema : {});
    if (compiled.kind !== 'schema') return [outputFault(at, 'its schema cannot be read')];
    return compiled.findings(value).map(({ pointer, message }) => outputFault(`${at}${pointer}`, message));
  });
  if (faults.length > 0) throw new DecisionError('ATTENTION_OUTPUTS_INVALID', undefined, faults);
}

function outputFault(path: string, message: string): Fault {
  return faultAt('ATTENTION_OUTPUTS_INVALID', path, message, 'Correct this output.');
}
