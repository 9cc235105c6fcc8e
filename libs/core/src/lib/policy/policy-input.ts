/** What a policy may read, by name (gates.md §5). */
export const POLICY_ROOTS = ['inputs', 'steps', 'plan', 'run', 'tenant', 'actor', 'params', 'now'] as const;
