import type { PolicyFault } from './policy';

// Limits for the text of a policy of any engine.

/** Longest source of a policy, UTF-16 units. */
const MAX_POLICY_LENGTH = 16_384;
/** Deepest nesting of brackets in a policy. */
const MAX_POLICY_NESTING = 64;

/** The limit that a policy's text exceeds; null if there is none. */
export function limitFault(source: string): PolicyFault | null {
  if (source.length > MAX_POLICY_LENGTH)
    return tooLarge(`the policy is longer than ${MAX_POLICY_LENGTH} characters`, 0);
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const character = source.charAt(at);
    if ('([{'.includes(character) && ++depth > MAX_POLICY_NESTING)
      return tooLarge(`nested deeper than ${MAX_POLICY_NESTING} levels`, at);
    if (')]}'.includes(character)) depth--;
  }
  return null;
}

/** A policy that exceeds a limit. */
export function tooLarge(message: string, offset: number): PolicyFault {
  return { code: 'POLICY_LIMIT', message, remediation: 'write a smaller policy', offset };
}
