import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';

/** Patterns of callers run in linear time: RE2 syntax, no backtracking. */
const linear = Object.assign(
  (pattern: string): RegExp => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    // The validator asks a pattern for nothing but `test`.
    return {
      test: (text: string) => compiled.matcher(text).find(),
      toString: () => `/${pattern}/`,
    } as unknown as RegExp;
  },
  { code: 'new RegExp' },
);

/** What compiles schemas: draft 2020-12, strict, patterns in RE2 syntax. A schema compiled by it is known to it until it is removed. */
export function newValidator(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // Its check would run the patterns of the schema by the engine that backtracks.
    allowMatchingProperties: true,
    allErrors: true,
    logger: false,
    validateFormats: true,
    unicodeRegExp: false,
    code: { regExp: linear },
  });
  addFormats(ajv, {
    mode: 'fast',
    formats: [
      'date',
      'time',
      'date-time',
      'duration',
      'uri',
      'email',
      'hostname',
      'ipv4',
      'ipv6',
      'uuid',
      'json-pointer',
    ],
  });
  ajv.addFormat('regex', (text) => isPattern(text));
  return ajv;
}

function isPattern(text: string): boolean {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(text)) !== null;
  } catch {
    return false;
  }
}
