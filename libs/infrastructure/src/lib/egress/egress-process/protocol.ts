import type { EgressAttempt, EgressRule } from '@taskrunner/core/egress';

/** Limits of one socket. */
export interface EgressLimits {
  /** Concurrent connections. */
  readonly connections: number;
  /** Attempts in total. The socket is closed when they are used up. */
  readonly attempts: number;
  /** Size of the head of a request or response, and of a ClientHello. */
  readonly headerBytes: number;
  /** Idle time after which a connection is cut. */
  readonly idleMs: number;
  /** Time for resolution and connection together. */
  readonly dialMs: number;
  /** Time for data that the step sent before its end. */
  readonly drainMs: number;
  /** Bytes to and from all addresses together. */
  readonly bytes: number;
}

/** A host of the platform. A rule for all hosts does not include it. */
export interface PlatformHost {
  readonly host: string;
  readonly port: number;
}

/** Messages from the worker, one JSON text per line. */
export type ToProxy =
  | {
      readonly type: 'open';
      readonly id: number;
      readonly path: string;
      readonly rules: readonly EgressRule[];
      readonly platform: readonly PlatformHost[];
      readonly limits: EgressLimits;
    }
  | { readonly type: 'close'; readonly id: number };

/** Messages from the proxy. Each attempt is reported when it ends; `closed` follows the last attempt of its socket. */
export type FromProxy =
  | { readonly type: 'opened'; readonly id: number }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  | { readonly type: 'attempt'; readonly id: number; readonly attempt: EgressAttempt }
  | { readonly type: 'closed'; readonly id: number };
