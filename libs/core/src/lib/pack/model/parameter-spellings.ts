import { isJsonArray, type Json, type JsonObject } from '../../foundation/json';
import { parseDuration, printDuration } from './duration';

// What the reading of a pack knows of parameters of executors: which texts are none of ours, and what means the same.

/** Parameters whose texts hold no expressions, by `uses`: `{{` in them is somebody else's language. */
const VERBATIM: Readonly<Record<string, readonly string[]>> = {
  'builtin:script': ['source'],
  'builtin:validate-schema': ['schema'],
};
/** Executors whose steps end with an exit code. */
const EXITING: readonly string[] = ['builtin:command', 'builtin:script', 'builtin:container'];

/** True if the texts of a parameter are never read for expressions. */
export function isVerbatim(uses: string, parameter: string): boolean {
  return Object.hasOwn(VERBATIM, uses) && (VERBATIM[uses]?.includes(parameter) ?? false);
}

/** Spellings of parameters that mean the same: durations become one text, exit codes and expected statuses a sorted set with their default. */
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

/** One spelling for a list of statuses. A list that holds anything else stays as it was written, for planning to find its fault. */
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
