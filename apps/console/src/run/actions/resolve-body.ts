import type { Schemas } from '@taskrunner/client';

type Body = Schemas['ResolveBody'];
export type Outcome = Body['outcome'];
export const OUTCOMES: readonly Outcome[] = ['succeeded', 'failed', 'retry'];

/** What a person has entered about a step whose outcome is not known. */
export interface Resolving {
  readonly outcome: Outcome;
  /** With `succeeded`: JSON text; empty: none. */
  readonly outputs: string;
  readonly reason: string;
}

type Resolved = { readonly kind: 'body'; readonly body: Body } | { readonly kind: 'refused'; readonly why: string };

/** The request for what was entered, or why there is none. `step.error` names the execution that needs somebody. */
export function resolveBody(step: { readonly error: unknown }, { outcome, outputs, reason }: Resolving): Resolved {
  const execution = (step.error as { readonly execution?: unknown } | null)?.execution;
  if (typeof execution !== 'number') return { kind: 'refused', why: 'The step does not need attention any more.' };
  const body: Body = { execution, outcome, reason: reason.trim() };
  if (outcome !== 'succeeded' || outputs.trim() === '') return { kind: 'body', body };
  const value = objectIn(outputs);
  return value === null
    ? { kind: 'refused', why: 'The outputs are not a JSON object, such as {"receipt": "PAY-7"}.' }
    : { kind: 'body', body: { ...body, outputs: value } };
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
