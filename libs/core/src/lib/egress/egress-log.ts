import { canonical } from '../canonical/canonical';
import type { EgressCode } from './decide-egress';
import type { EgressRule } from './egress-rule';

/** The result of a connection attempt: the decision, or the reason why the connection was stopped later. */
export type AttemptCode =
  | EgressCode
  /** The request is not one valid HTTP/1.1 proxy request. */
  | 'EGRESS_REQUEST_INVALID'
  /** A host of the platform itself, in an environment that lists every public host. */
  | 'EGRESS_PLATFORM_HOST'
  /** The bytes in the tunnel are not a TLS ClientHello. */
  | 'EGRESS_TLS_INVALID'
  | 'EGRESS_SNI_MISSING'
  | 'EGRESS_SNI_MISMATCH'
  /** The ClientHello hides its name (ECH, ESNI). */
  | 'EGRESS_ECH'
  | 'EGRESS_UNRESOLVED'
  | 'EGRESS_UNREACHABLE'
  | 'EGRESS_IDLE'
  /** Too many attempts or connections, or too many bytes. */
  | 'EGRESS_LIMIT'
  /** The attempt of the step ended before the connection did. */
  | 'EGRESS_CUT';

/** One logged attempt to connect through the proxy. Of a request that cannot be parsed only the code is known. */
export interface EgressAttempt {
  /** From 1, in the order of arrival. */
  readonly n: number;
  /** Milliseconds since the socket was opened. */
  readonly ms: number;
  /** `connect`: a TLS tunnel; `http`: one plain request; `none`: it was not understood. */
  readonly via: 'connect' | 'http' | 'none';
  readonly host: string | null;
  readonly port: number | null;
  /** Server name of the ClientHello. */
  readonly sni: string | null;
  /** Address that was dialled. */
  readonly address: string | null;
  /** Bytes sent to and received from the address. */
  readonly sent: number;
  readonly received: number;
  /** True if the rules allowed it. Bytes of the step may then have gone to `address`. */
  readonly allowed: boolean;
  readonly code: AttemptCode;
}

/** The log of one closed socket: first the rules that applied to it, then one attempt per line, each in RFC 8785 form. */
export function writeEgressLog(rules: readonly EgressRule[], attempts: readonly EgressAttempt[]): string {
  const sorted = [...attempts].sort((a, b) => a.n - b.n);
  return [{ schema: 'taskrunner.egress.v1', rules }, ...sorted].map((line) => `${canonical(line as never)}\n`).join('');
}
