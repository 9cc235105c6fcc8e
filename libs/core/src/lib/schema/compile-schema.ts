import type { Json, JsonObject } from '../foundation/json';
import { refuseEndless } from './endless';
import { evaluate, Evaluation, MAX_FINDINGS, SchemaLimit, type Rule, type SchemaFinding } from './evaluation';
import { makeRules } from './make-rules';
import { readLinks } from './read-links';
import { readSites } from './read-sites';
import { SchemaFaults, type SchemaFault } from './schema-fault';

/** A compiled schema, or its faults. */
export type CompiledSchema =
  | { readonly kind: 'schema'; readonly findings: (value: Json) => readonly SchemaFinding[] }
  | {
      readonly kind: 'invalid';
      /** At least one, in document order. */
      readonly faults: readonly SchemaFault[];
    };

/** By identity, because JSON values are never changed. */
const known = new WeakMap<JsonObject, CompiledSchema>();

/**
 * Compiles a JSON Schema of draft 2020-12: planner, executors, forms, inner packs, declared outputs and consoles all use it. Unknown
 * keywords, formats and references are refused (`KEYWORDS`, `FORMATS`); formats are asserted; patterns are RE2. A schema whose evaluation
 * would not terminate is refused. No code is generated. The work for a value is limited, and a value beyond the limit is refused. Only own
 * members count. Never throws for bad input.
 */
export function compileSchema(schema: Json): CompiledSchema {
  const found = typeof schema === 'object' && schema !== null ? known.get(schema as JsonObject) : undefined;
  if (found !== undefined) return found;
  const compiled = compile(schema);
  if (typeof schema === 'object' && schema !== null) known.set(schema as JsonObject, compiled);
  return compiled;
}

function compile(schema: Json): CompiledSchema {
  const faults = new SchemaFaults();
  const read = readSites(schema, faults);
  if (faults.found.length > 0) return { kind: 'invalid', faults: faults.found };
  const links = readLinks(read, faults);
  if (faults.found.length === 0) refuseEndless(read, links, faults);
  if (faults.found.length > 0) return { kind: 'invalid', faults: faults.found };
  const rule = makeRules(read, links);
  return { kind: 'schema', findings: (value) => findingsOf(rule, value) };
}

function findingsOf(rule: Rule, value: Json): readonly SchemaFinding[] {
  let findings: readonly SchemaFinding[];
  try {
    const run = new Evaluation(value);
    if (evaluate(rule, value, null, run, null)) return [];
    findings = run.findings;
  } catch (error) {
    if (SchemaLimit.is(error)) return [{ pointer: '', message: error.message }];
    throw error;
  }
  const found = new Map(findings.map((finding) => [`${finding.pointer} ${finding.message}`, finding]));
  return [...found.values()].slice(0, MAX_FINDINGS);
}

/** Findings as one text: `/a/b must be string; (root) must have …`; at most 20 of them. */
export function describeFindings(findings: readonly SchemaFinding[]): string {
  const shown = findings.slice(0, 20).map(({ pointer, message }) => `${pointer || '(root)'} ${message}`);
  const more = findings.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
