import { REMEDIES as DOCUMENT_REMEDIES } from '../../document/document-fault';
import { PACK_REMEDIES } from '../../pack/reading/pack-fault';
import { PLAN_REMEDIES } from '../../planner/context/plan-fault';
import { causeOf, EXPRESSION_REMEDIES, type FaultExample } from './fault-causes';
import { isProblemCode, PROBLEMS } from './problem-table';

/** What is known of a code without its occurrence. */
export interface ExplainedCode {
  readonly code: string;
  readonly meaning: string;
  /** HTTP status of the answer; null for faults, which are listed inside of an answer. */
  readonly status: number | null;
  readonly remediation: string;
  /** True if repeating the request may succeed later. */
  readonly retryable: boolean;
  /** A fragment of a pack with this fault, and the same without it; only of common faults. */
  readonly example?: FaultExample;
}

/** Faults by the layer that finds them. An occurrence has its own message and may have a more exact remedy. */
const FAULTS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['An error in a YAML or JSON document. The message has its line and column.', DOCUMENT_REMEDIES],
  ['An error in the manifest of a pack. The message has its line and column.', PACK_REMEDIES],
  ['An error in a pack or its inputs, found when the pack was planned. The message names its place.', PLAN_REMEDIES],
  ['An error in an expression.', EXPRESSION_REMEDIES],
];

/** Not errors: the pack can be run. */
const WARNINGS: ReadonlyMap<string, string> = new Map([
  ['EFFECTS_UNGATED', 'A warning: a step has effects, and no approval gate precedes it. The pack can be run.'],
]);

/** The meaning of an error code of the API or of a fault; null if it is neither. */
export function explainCode(code: string): ExplainedCode | null {
  if (isProblemCode(code)) {
    const { status, title, remediation, retryable = false } = PROBLEMS[code];
    return { code, meaning: `${title}.`, status, remediation, retryable };
  }
  for (const [meaning, remedies] of FAULTS) {
    const remediation = Object.hasOwn(remedies, code) ? remedies[code] : undefined;
    if (remediation === undefined) continue;
    const { cause = WARNINGS.get(code) ?? meaning, example } = causeOf(code) ?? {};
    const explained = { code, meaning: cause, status: null, remediation, retryable: false };
    return example === undefined ? explained : { ...explained, example };
  }
  return null;
}

/** All codes that can be explained, sorted. */
export function explainedCodes(): readonly string[] {
  return [...new Set([...Object.keys(PROBLEMS), ...FAULTS.flatMap(([, remedies]) => Object.keys(remedies))])].sort();
}
