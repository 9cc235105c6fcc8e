import type { EgressAttempt, EgressRule } from '@taskrunner/core/egress';

// What executors need of the egress proxy. Adapters do not import each other: the worker's module connects this with the proxy, whose
// classes have these shapes.

/** The network access of one attempt. */
export interface EgressWay {
  /** Path of its Unix socket: an HTTP proxy. */
  readonly path: string;
  /** Called once if the proxy dies meanwhile; no connection is possible after that. */
  onLost(listener: () => void): void;
  /** `lost`: the proxy died, and the log may be incomplete. */
  close(): Promise<{ readonly attempts: readonly EgressAttempt[]; readonly lost: boolean }>;
}

export interface EgressDependencies {
  /** Opens a socket under these rules. Throws `EGRESS_UNAVAILABLE`. */
  open(rules: readonly EgressRule[]): Promise<EgressWay>;
}
