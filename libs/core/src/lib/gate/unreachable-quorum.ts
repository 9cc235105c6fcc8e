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

/** What the ways out of an unreachable quorum need to know. */
interface WaysOut {
  readonly grants: readonly string[];
  /** Null: not known. */
  readonly requester: string | null;
  /** When the time to decide ends, as it is shown. */
  readonly until: string;
}

/** Who can change that nobody can open a gate, and what ends the run otherwise: the same sentences on the page and on the command line. */
export function waysOut({ grants, requester, until }: WaysOut): readonly string[] {
  const who = requester === null ? 'Who started the run' : `${requester}, who started the run,`;
  return [
    `The operator can add people to approvals.people and give them ${grants.join(' and ')}. The gate keeps its number of approvals.`,
    `${who} or an operator can cancel it, and somebody who may decide can reject the request. Otherwise the run ends with GATE_EXPIRED at ${until}.`,
  ];
}
