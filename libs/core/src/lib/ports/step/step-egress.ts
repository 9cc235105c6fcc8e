import type { EgressAttempt } from '../../egress/egress-log';
import type { EgressRule } from '../../egress/egress-rule';

/** The way out of one attempt. */
export interface EgressWay {
  /** Of its Unix socket: an HTTP proxy, `CONNECT` and plain. */
  readonly path: string;
  /** Called once if the proxy dies before it is closed: nothing gets out any more. */
  onLost(listener: () => void): void;
  /** Cuts what is under way. `lost`: the proxy died, and what it had not said is not known. */
  close(): Promise<{ readonly attempts: readonly EgressAttempt[]; readonly lost: boolean }>;
}

/** How executors reach the network. */
export interface StepEgress {
  /** A way out under these rules. Throws `EGRESS_UNAVAILABLE`. */
  open(rules: readonly EgressRule[]): Promise<EgressWay>;
}
