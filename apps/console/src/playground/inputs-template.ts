import type { Json } from '@taskrunner/core/foundation';
import type { InputRules } from './rehearsal';

// Beside the rehearsal, which only the worker loads.

/** A text in which every declared input has a line: with its default, or a value of its type to replace. */
export function inputsTemplate(rules: InputRules): string {
  return rules
    .map(({ name, default: value, required, type }) => {
      const shown = JSON.stringify(value ?? EXAMPLES[type] ?? null);
      return `${required || value !== null ? '' : '# '}${name}: ${shown}\n`;
    })
    .join('');
}

const EXAMPLES: Readonly<Record<string, Json>> = {
  string: 'text',
  number: 1,
  integer: 1,
  boolean: true,
  array: [],
  object: {},
};
