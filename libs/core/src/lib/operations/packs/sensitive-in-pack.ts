import { canonical } from '../../canonical/canonical';
import { pointerTo } from '../../document/json-pointer';
import { faultAt, type Fault } from '../../foundation/fault';
import type { Json, JsonObject } from '../../foundation/json';
import { PLAN_REMEDIES } from '../../planner/context/plan-fault';
import { Redactor } from '../../secret/redactor';

/** A document that will stand in evidence as it is: what it is called to people, and its text or bytes. */
export interface SealedDocument {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** The bytes of a sensitive value that are looked for: a text as it is, another value as RFC 8785. */
export function sensitiveBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : canonical(value));
}

/**
 * Sensitive inputs whose values stand in documents that the evidence of the run will hold as they are, or in a document's name: one fault for
 * each input and document, at the input. The evidence of such a run could not be sealed. No fault tells a value. Pure.
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
