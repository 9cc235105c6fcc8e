const REASONS: Readonly<Record<string, string>> = {
  GATE_SELF_APPROVAL: 'You started this run, or act for who did. Another person must decide.',
  GATE_GRANT_MISSING: 'You do not have a grant that this gate asks for.',
  GATE_NOT_A_PERSON: 'Only people can decide. Your sign-in is that of a program.',
  GATE_ALREADY_COUNTED: 'You have approved. You can withdraw or reject.',
  GATE_NOT_APPROVED: 'You have not approved, so there is nothing to withdraw.',
  GATE_DECIDED: 'The gate is decided.',
  GATE_EXPIRED: 'The time to decide is over.',
  GATE_AUTH_TOO_OLD: 'Your sign-in is too old for this gate. Sign in again.',
  RUN_ENDED: 'The run has ended.',
};

/** Why the person cannot decide. A code without a text is shown as it is. */
export function reasonText(code: string): string {
  return REASONS[code] ?? `The server refuses your decision: ${code}.`;
}
