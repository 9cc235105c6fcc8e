import { nearestName, type Fault } from '@taskrunner/core/foundation';
import type { Pack } from '@taskrunner/core/pack';
import { boundsOf } from './schema-bounds';

/** Declarations of the inputs of a pack. */
export type InputRules = Pack['spec']['inputs'];

/** Maximum number of allowed values that a hint lists. */
const SHOWN_VALUES = 20;

/**
 * Faults of inputs with remedies for the command line: the option to use, and the values and bounds that the pack states. Other faults, and
 * those of a file with lines, are unchanged.
 */
export function withInputHints(faults: readonly Fault[], rules: InputRules): readonly Fault[] {
  return faults.map((fault) => {
    const name = fault.line === null ? inputOf(fault.path) : null;
    if (name === null) return fault;
    const hint = hintOf(fault.code, name, rules);
    return hint === null ? fault : { ...fault, remediation: hint };
  });
}

/** The input of a JSON pointer such as `/inputs/region`; null for any other. */
function inputOf(path: string): string | null {
  const name = /^\/inputs\/([^/]+)$/.exec(path)?.[1];
  return name === undefined ? null : name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function hintOf(code: string, name: string, rules: InputRules): string | null {
  const rule = rules.find((one) => one.name === name);
  if (code === 'INPUT_MISSING')
    return `Set the input with -i ${name}=${rule?.type === 'file' ? '@path' : 'value'}, or in the file of --inputs.${valuesOf(rule)}${boundsText(rule)}`;
  if (code === 'INPUT_INVALID' || code === 'INPUT_TYPE')
    return boundsText(rule) === '' ? null : `Use -i ${name}=value.${boundsText(rule)}`;
  if (code === 'INPUT_ENUM') return valuesOf(rule) === '' ? null : `Use -i ${name}=value.${valuesOf(rule)}`;
  if (code === 'INPUT_UNKNOWN' && rules.length > 0)
    return `${meant(name, rules)}Inputs of the pack: ${listed(rules.map((one) => one.name))}.`;
  return null;
}

function meant(name: string, rules: InputRules): string {
  const near = nearestName(
    name,
    rules.map((one) => one.name),
  );
  return near === null ? 'Remove the input, or correct its name. ' : `Did you mean ${near}? `;
}

function valuesOf(rule: InputRules[number] | undefined): string {
  if (rule === undefined || rule.enum === null) return '';
  return ` Allowed values: ${listed(rule.enum.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))))}.`;
}

/** Of a schema that is written in the manifest. One in a file of the pack is described by the findings. */
function boundsText(rule: InputRules[number] | undefined): string {
  const bounds = rule === undefined || typeof rule.schema === 'string' ? [] : boundsOf(rule.schema ?? null);
  return bounds.length === 0 ? '' : ` Bounds: ${bounds.join(', ')}.`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length > SHOWN_VALUES ? `, and ${texts.length - SHOWN_VALUES} more` : '';
  return texts.slice(0, SHOWN_VALUES).join(', ') + more;
}
