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

/** What the attempts of one socket share. */
export interface AttemptContext {
  readonly rules: readonly EgressRule[];
  readonly platform: readonly PlatformHost[];
  readonly limits: EgressLimits;
  readonly resolve: Resolve;
  /** Milliseconds since the socket was opened. */
  readonly elapsedMs: () => number;
  /** Takes bytes from what the socket may still send and receive; false: there are too few. */
  readonly spend: (bytes: number) => boolean;
  /** Told once for each attempt. */
  readonly record: (attempt: EgressAttempt) => void;
}

type Known = Pick<EgressAttempt, 'via' | 'host' | 'port' | 'sni' | 'address' | 'allowed'>;

/** One attempt to get out, from its first byte to its record. */
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
  /** Bytes of the step flow: what ends it from outside cuts nothing that was not allowed. */
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

  /** What it came to; null while it is under way. */
  get code(): AttemptCode | null {
    return this.ended;
  }

  /** What has become known. */
  note(known: Partial<Known>): void {
    this.known = { ...this.known, ...known };
  }

  /** Writes the record; the first code counts. */
  end(code: AttemptCode): void {
    if (this.ended !== null) return;
    this.ended = code;
    const { bytesWritten: sent = 0, bytesRead: received = 0 } = this.upstream ?? {};
    this.context.record({ n: this.n, ms: this.ms, ...this.known, sent, received, code });
  }

  /** Refuses: nothing of the step went anywhere. */
  refuse(code: AttemptCode): null {
    this.note({ allowed: false });
    this.end(code);
    return null;
  }

  /**
   * Decides, and only then resolves, once; decides about the addresses; dials that one and no other. Null: refused, or nobody answers
   * there, and that is recorded.
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

/** True for a host of the platform that only a rule for every host would let through. */
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
