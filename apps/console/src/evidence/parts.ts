/** Ids of the parts to which buttons of the verdict lead. */
export const PARTS = {
  verdict: 'verdict',
  trust: 'whom-you-trust',
  notProven: 'not-proven',
  checks: 'all-checks',
} as const;
