import type { FunctionSpec } from './function-spec';
import { TEXT_FUNCTIONS } from './text-functions';
import { VALUE_FUNCTIONS } from './value-functions';

const FUNCTIONS: Readonly<Record<string, FunctionSpec>> = { ...TEXT_FUNCTIONS, ...VALUE_FUNCTIONS };

/** The names of all functions, sorted: those of JMESPath Community, and `digest`. */
export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS).sort();

/** The function of this name. */
export function functionNamed(name: string): FunctionSpec | undefined {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}

/** Why this number of arguments is wrong; null if it is right. */
export function arityFault({ parameters, variadic }: FunctionSpec, supplied: number): string | null {
  const least = parameters.filter((parameter) => parameter.kind === 'selector' || parameter.optional !== true).length;
  if (supplied < least) return `needs ${variadic ? 'at least ' : ''}${least}, got ${supplied}`;
  return !variadic && supplied > parameters.length ? `takes ${parameters.length}, got ${supplied}` : null;
}
