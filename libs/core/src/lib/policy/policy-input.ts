/** What a policy may read, by name (docs/guides/approvals.md, Policy gates). */
export const POLICY_ROOTS = ['inputs', 'steps', 'plan', 'run', 'tenant', 'actor', 'params', 'now'] as const;

/** A part of the input that a policy reads: `inputs.region` is `['inputs', 'region']`. Everything below it is read too. */
export type PolicyRead = readonly string[];
