import { canonical } from '../canonical/canonical';
import type { EgressCode } from './decide-egress';
import type { EgressRule } from './egress-rule';

/** What became of an attempt to get out: the decision, or what stopped it afterwards. */
export type AttemptCode =
  | EgressCode
  /** What was asked cannot be read as one request of HTTP/1.1 to a proxy. */
  | 'EGRESS_REQUEST_INVALID'
  /** A host of the platform itself, in an environment that lists every public host. */
  | 'EGRESS_PLATFORM_HOST'
  /** What came through the tunnel is not a TLS ClientHello. */
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

/** One attempt to get out through the proxy, as it is logged. Of a request that cannot be read nothing but the code is known. */
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
  /** What was dialled. */
  readonly address: string | null;
  /** Bytes to and from the address. */
  readonly sent: number;
  readonly received: number;
  /** The rules allowed it: bytes of the step may have gone to `address`. */
  readonly allowed: boolean;
  readonly code: AttemptCode;
}

/** The log of one closed socket: the rules that it was under, then one attempt a line, each in RFC 8785 form. */
export function writeEgressLog(rules: readonly EgressRule[], attempts: readonly EgressAttempt[]): string {
  const sorted = [...attempts].sort((a, b) => a.n - b.n);
  return [{ schema: 'taskrunner.egress.v1', rules }, ...sorted].map((line) => `${canonical(line as never)}\n`).join('');
}
