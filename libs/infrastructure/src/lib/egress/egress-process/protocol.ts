import type { EgressAttempt, EgressRule } from '@taskrunner/core/egress';

/** What one socket may use. */
export interface EgressLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Attempts in all; then the socket is closed. */
  readonly attempts: number;
  /** Of a request's or a response's head, and of a ClientHello. */
  readonly headerBytes: number;
  /** Silence after which a connection is cut. */
  readonly idleMs: number;
  /** To resolve and to dial, together. */
  readonly dialMs: number;
  /** How long what the step has sent before its end may still be on its way. */
  readonly drainMs: number;
  /** To and from all addresses together. */
  readonly bytes: number;
}

/** A host of the platform: not to be reached through a list that names every host. */
export interface PlatformHost {
  readonly host: string;
  readonly port: number;
}

/** What the worker says, one JSON text a line. */
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

/** What the proxy says. Every attempt is said as soon as it is over; `closed` comes after the last one of its socket. */
export type FromProxy =
  | { readonly type: 'opened'; readonly id: number }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  | { readonly type: 'attempt'; readonly id: number; readonly attempt: EgressAttempt }
  | { readonly type: 'closed'; readonly id: number };
