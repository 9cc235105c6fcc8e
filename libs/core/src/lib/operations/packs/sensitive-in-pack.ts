import { canonical } from '../../canonical/canonical';
import { pointerTo } from '../../document/json-pointer';
import { faultAt, type Fault } from '../../foundation/fault';
import type { Json, JsonObject } from '../../foundation/json';
import { PLAN_REMEDIES } from '../../planner/context/plan-fault';
import { Redactor } from '../../secret/redactor';

/** A document that evidence contains unchanged: its display name and its text or bytes. */
export interface SealedDocument {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** The bytes of a sensitive value to search for: a text unchanged, any other value as RFC 8785. */
export function sensitiveBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : canonical(value));
}

/**
 * Finds values of sensitive inputs in documents that the evidence of the run contains unchanged, or in a document's name. Reports one fault
 * per input and document, at the input, because the evidence of such a run could not be sealed. No fault contains a value. Pure.
 */
export function sensitiveInputFaults(sensitive: JsonObject, documents: readonly SealedDocument[]): readonly Fault[] {
  const names = Object.keys(sensitive);
  if (names.length === 0) return [];
  const every = Redactor.of(names.map((name) => sensitiveBytes(sensitive[name] ?? null)));
  const encoder = new TextEncoder();
  return names.flatMap((input) => {
    const redactor = Redactor.of([sensitiveBytes(sensitive[input] ?? null)]);
    const isIn = (content: string | Uint8Array): boolean =>
      redactor.holds(typeof content === 'string' ? encoder.encode(content) : content);
    return documents
      .filter(({ name, content }) => isIn(name) || isIn(content))
      .map(({ name }) => {
        const message = `${every.text(name)} contains the value of the sensitive input ${input}.`;
        const remediation = PLAN_REMEDIES.SENSITIVE_INPUT_IN_PACK;
        return faultAt('SENSITIVE_INPUT_IN_PACK', pointerTo('/inputs', input), message, remediation);
      });
  });
}
