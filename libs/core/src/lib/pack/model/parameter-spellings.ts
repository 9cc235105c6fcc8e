import { isJsonArray, type Json, type JsonObject } from '../../foundation/json';
import { parseDuration, printDuration } from './duration';

// The reader's knowledge about parameters of executors: which texts contain no expressions, and which spellings are equivalent.

/** Parameters whose texts contain no expressions, by `uses`. A `{{` in them belongs to another language. */
const VERBATIM: Readonly<Record<string, readonly string[]>> = {
  'builtin:script': ['source'],
  'builtin:validate-schema': ['schema'],
};
/** Executors whose steps end with an exit code. */
const EXITING: readonly string[] = ['builtin:command', 'builtin:script', 'builtin:container'];

/** True if the texts of a parameter are never parsed for expressions. */
export function isVerbatim(uses: string, parameter: string): boolean {
  return Object.hasOwn(VERBATIM, uses) && (VERBATIM[uses]?.includes(parameter) ?? false);
}

/**
 * Equivalent spellings of parameters: durations become one text; exit codes and expected statuses become a sorted set including their
 * default.
 */
export function normaliseParameters(uses: string, parameters: JsonObject): JsonObject {
  if (uses === 'builtin:wait' && typeof parameters['for'] === 'string') {
    const milliseconds = parseDuration(parameters['for']);
    return milliseconds === null ? parameters : { ...parameters, for: printDuration(milliseconds) };
  }
  if (uses === 'builtin:http') {
    const { method = 'GET', expect = ['2xx'] } = parameters;
    return { ...parameters, method, expect: isJsonArray(expect) ? statuses(expect) : expect };
  }
  if (!EXITING.includes(uses)) return parameters;
  const { okExitCodes: codes = [0] } = parameters;
  const sorted =
    isJsonArray(codes) && codes.every((code) => typeof code === 'number')
      ? [...new Set(codes)].sort((a, b) => a - b)
      : codes;
  return { ...parameters, okExitCodes: sorted };
}

/** The canonical spelling of a list of statuses. A list with anything else stays unchanged, so that planning finds the fault. */
function statuses(expect: readonly Json[]): Json {
  const read = expect.map(statusOf);
  if (read.includes(null)) return expect;
  return [...new Set(read)].sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

function statusOf(one: Json): number | string | null {
  if (typeof one === 'number') return one;
  if (typeof one !== 'string') return null;
  if (/^[1-5]\d\d$/.test(one)) return Number(one);
  return /^[1-5]xx$/.test(one) ? one : null;
}
