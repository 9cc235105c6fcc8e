import type { EgressAttempt, EgressRule } from '@taskrunner/core/egress';

// What executors need of the egress proxy. Adapters do not meet: the worker's module joins this with the proxy, whose classes have
// these shapes.

/** The way out of one attempt. */
export interface EgressWay {
  /** Of its Unix socket: an HTTP proxy. */
  readonly path: string;
  /** Called once if the proxy dies meanwhile: nothing gets out any more. */
  onLost(listener: () => void): void;
  /** `lost`: the proxy died, and not all attempts may be known. */
  close(): Promise<{ readonly attempts: readonly EgressAttempt[]; readonly lost: boolean }>;
}

export interface EgressDependencies {
  /** A way out under these rules. Throws `EGRESS_UNAVAILABLE`. */
  open(rules: readonly EgressRule[]): Promise<EgressWay>;
}
