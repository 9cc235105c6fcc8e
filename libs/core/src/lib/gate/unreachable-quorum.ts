/** What a gate in the API says about its quorum. */
interface QuorumFacts {
  readonly status: string;
  readonly approvals: number;
  readonly required: number;
  /** People who can still approve; null: not known; absent from servers of earlier versions. */
  readonly approversLeft?: number | null;
}

/** Why nobody can open a gate: so many people can still approve, and so many are missing. */
interface UnreachableQuorum {
  readonly left: number;
  readonly missing: number;
}

/** The gap of an open gate that too few people can still approve; null: there are enough, or it is not known who there is. */
export function unreachableQuorum(gate: QuorumFacts): UnreachableQuorum | null {
  const { status, approvals, required, approversLeft: left = null } = gate;
  if (status !== 'open' || left === null) return null;
  const missing = required - approvals - left;
  return missing > 0 ? { left, missing } : null;
}
