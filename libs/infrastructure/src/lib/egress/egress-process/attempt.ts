import {
  decideDial,
  decideEgress,
  type AttemptCode,
  type EgressAttempt,
  type EgressRule,
  type Target,
} from '@taskrunner/core/egress';
import { connect, type Socket } from 'node:net';
import type { EgressLimits, PlatformHost } from './protocol';
import type { Resolve } from './resolver';

/** State that the attempts of one socket share. */
export interface AttemptContext {
  readonly rules: readonly EgressRule[];
  readonly platform: readonly PlatformHost[];
  readonly limits: EgressLimits;
  readonly resolve: Resolve;
  /** Milliseconds since the socket was opened. */
  readonly elapsedMs: () => number;
  /** Spends bytes of the socket's budget. Returns false if the rest is too small. */
  readonly spend: (bytes: number) => boolean;
  /** Called once for each attempt. */
  readonly record: (attempt: EgressAttempt) => void;
}

type Known = Pick<EgressAttempt, 'via' | 'host' | 'port' | 'sni' | 'address' | 'allowed'>;

/** One outgoing connection attempt, from its first byte to its record. */
export class Attempt {
  private known: Known = {
    via: 'none',
    host: null,
    port: null,
    sni: null,
    address: null,
    allowed: false,
  };
  private readonly ms: number;
  private ended: AttemptCode | null = null;
  private upstream: Socket | null = null;
  /** True while data of the step is transferred. An external end then counts as allowed. */
  flows = false;

  constructor(
    readonly context: AttemptContext,
    private readonly n: number,
  ) {
    this.ms = context.elapsedMs();
  }

  get isOver(): boolean {
    return this.ended !== null;
  }

  /** The result code; null while the attempt is active. */
  get code(): AttemptCode | null {
    return this.ended;
  }

  /** Adds details for the record. */
  note(known: Partial<Known>): void {
    this.known = { ...this.known, ...known };
  }

  /** Writes the record. Only the first call has an effect. */
  end(code: AttemptCode): void {
    if (this.ended !== null) return;
    this.ended = code;
    const { bytesWritten: sent = 0, bytesRead: received = 0 } = this.upstream ?? {};
    this.context.record({ n: this.n, ms: this.ms, ...this.known, sent, received, code });
  }

  /** Ends the attempt with a refusal. No data of the step has left the proxy. */
  refuse(code: AttemptCode): null {
    this.note({ allowed: false });
    this.end(code);
    return null;
  }

  /**
   * Evaluates the rules for the host before it resolves the name, and does so only once. Then evaluates the rules for the addresses and
   * connects to the accepted one. Returns null if the attempt was refused or the connection failed; both are recorded.
   */
  async dial(target: Target): Promise<Socket | null> {
    const { rules, platform, limits, resolve } = this.context;
    const { host, port } = target;
    this.note({ host, port });
    const decision = decideEgress(rules, target);
    if (!decision.allowed) return this.refuse(decision.code);
    if (isPlatform(rules, platform, target)) return this.refuse('EGRESS_PLATFORM_HOST');
    const began = performance.now();
    const addresses = await resolve(host, limits.dialMs);
    if (this.isOver) return null;
    if (addresses.length === 0) return this.refuse('EGRESS_UNRESOLVED');
    const { address, code } = decideDial(rules, target, addresses);
    if (address === null) return this.refuse(code);
    this.note({ allowed: true, address });
    const socket = (this.upstream = await reach(
      address,
      port,
      Math.max(1, limits.dialMs - (performance.now() - began)),
    ));
    if (socket === null) this.end('EGRESS_UNREACHABLE');
    else if (this.isOver) socket.destroy();
    return this.isOver ? null : socket;
  }
}

/** True for a host of the platform that only a rule for all hosts would allow. */
function isPlatform(rules: readonly EgressRule[], platform: readonly PlatformHost[], target: Target): boolean {
  if (!platform.some(({ host, port }) => host === target.host && port === target.port)) return false;
  const named = rules.filter(({ host, cidr }) => host !== '*' && cidr !== undefined);
  return !decideEgress(named, target).allowed;
}

function reach(address: string, port: number, timeoutMs: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    const timer = setTimeout(() => fail(), timeoutMs);
    const fail = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(null);
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
