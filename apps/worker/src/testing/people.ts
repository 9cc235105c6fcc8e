import { canonical, digestOf } from '@taskrunner/core/canonical';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Json, RunId, TenantId } from '@taskrunner/core/foundation';
import type { GateStore } from '@taskrunner/core/ports';
import { DocumentAltered } from '@taskrunner/core/stored';
import {
  DatabaseClock,
  PostgresAttentionStore,
  PostgresGateStore,
  PostgresRunStore,
  TenantQueries,
} from '@taskrunner/infrastructure/testing';
import type { Random } from '@taskrunner/core/testing';
import type { Manner } from './scenario';
import type { Server } from './server';
import type { Process, VirtualTime } from './virtual-time';

const ISSUER = 'https://issuer.test';
export const INITIATOR = { iss: ISSUER, sub: 'ada' };

/** An answered decision: 200, or the reason of the refusal. */
export interface AnsweredDecision {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly gate: string;
  readonly decisionId: string;
  readonly decidedAt: number;
  readonly answer: string;
}

/** The model has no transactions of several statements, so those of a group are sent one by one. */
class OneByOne extends TenantQueries {
  override async together(...[, steps]: Parameters<TenantQueries['together']>): ReturnType<TenantQueries['together']> {
    const rows: unknown[][] = [];
    for (const [statement, values] of steps) rows.push(await this.across(statement, values));
    return rows;
  }
}

/** People who use a webservice that never dies: they decide, resolve and cancel, with the statements that the real stores send. */
export class People implements Process {
  readonly name = 'web';
  alive = true;
  frozenUntil = 0;
  readonly skew = { monotonic: 0, wall: 0 };
  readonly decisions: AnsweredDecision[] = [];
  readonly store: PostgresRunStore;
  private readonly gates: GateStore;
  private readonly attention: PostgresAttentionStore;
  private numbers = 0;

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Random,
    server: Server,
  ) {
    const queries = new OneByOne(server.poolOf(this));
    let numbers = 0;
    this.store = new PostgresRunStore(queries, {
      clock: new DatabaseClock(undefined, () => time.now - time.start),
      uuid: () => `00000000-0000-4000-8000-${(++numbers).toString(16).padStart(12, '0')}`,
    });
    this.gates = new PostgresGateStore(queries, null);
    this.attention = new PostgresAttentionStore(queries, null);
  }

  /** Repeats until it was done, beginning at some time from now. */
  later(ms: number, act: () => Promise<boolean>): void {
    const trying = (): void => {
      void act().then(
        (done) => (done ? undefined : this.later(500, act)),
        () => this.later(1_000, act),
      );
    };
    this.time.after(ms, trying, this);
  }

  cancel(ms: number, tenant: TenantId, run: RunId, force: boolean): void {
    const input = { type: 'run.cancel-requested', by: INITIATOR, reason: 'test', force } as const;
    this.later(ms, async () => {
      const posted = await this.store.post(tenant, run, input, force ? 'cancel:force' : 'cancel');
      return posted.kind !== 'refused' || posted.code !== 'RUN_NOT_FOUND';
    });
  }

  decide(manner: Manner, tenant: TenantId, run: RunId, gate: string): void {
    for (const { person, says, ms } of manner.decisions)
      this.later(ms, () => this.decideOnce(tenant, run, gate, person, says));
  }

  private async decideOnce(
    tenant: TenantId,
    run: RunId,
    gate: string,
    person: string,
    says: 'approved' | 'rejected' | 'withdrawn',
  ): Promise<boolean> {
    // Rows that a planted bug has broken are not shown; the referee reads them.
    const found = await this.gates.find(tenant, run, gate).catch((error: unknown) => {
      if (DocumentAltered.is(error)) return null;
      throw error;
    });
    if (!found || found.state !== 'open') return true;
    const decidedAt = await this.gates.now();
    const decisionId = `decision-${++this.numbers}`;
    const by = { iss: ISSUER, sub: person };
    const record = {
      schema: 'taskrunner.decision.v1',
      ...{ decisionId, runId: run, tenant, gate, planHash: found.planHash, gateDigest: found.gateDigest },
      ...{ decision: says, response: null, person: by, onBehalfOf: null, grants: ['packs.approve'], bound: 'gate' },
      ...{ authTime: timeText(decidedAt), acr: null, reason: null, decidedAt: timeText(decidedAt) },
      proof: { kind: 'service' },
    };
    const { planHash, gateDigest } = found;
    const decision = { decisionId, gateDigest, planHash, decision: says, person: by, onBehalfOf: null, grants: [] };
    const inboxPosition = {
      type: 'gate.decided',
      step: gate,
      decision: { ...decision, decidedAt },
      record: digestOf(record),
    };
    const decided = await this.gates.decide({
      ...{ tenant, runId: run, gate, decisionId, decision: says, person: by, name: person, decidedAt },
      envelope: envelopeOf(record),
      recordDigest: digestOf(record),
      response: null,
      lastDecidedAt: null,
      message: { ...inboxPosition, response: null } as never,
      audit: { type: 'gate.decided', decisionId },
    });
    const answer = decided.kind === 'refused' ? decided.code : decided.kind;
    this.decisions.push({ tenant, run, gate, decisionId, decidedAt, answer });
    return decided.kind !== 'too-early';
  }

  resolve(ms: number, tenant: TenantId, run: RunId, step: string, parent: string, execution: number): void {
    const outcome = this.random.pick(['succeeded', 'failed', 'retry'] as const);
    this.later(ms, async () => {
      const decidedAt = await this.gates.now();
      const record = {
        schema: 'taskrunner.resolution.v1',
        ...{ runId: run, tenant, step, execution, outcome, outputsDigest: null, person: { iss: ISSUER, sub: 'grace' } },
        ...{
          reason: 'seen',
          authTime: timeText(decidedAt),
          decidedAt: timeText(decidedAt),
          proof: { kind: 'service' },
        },
      };
      const resolved = await this.attention.resolve({
        ...{ tenant, runId: run, step, parent, execution, outcome, decidedAt },
        person: { iss: ISSUER, sub: 'grace' },
        envelope: envelopeOf(record),
        recordDigest: digestOf(record),
        outputs: null,
        message: {
          type: 'attention.resolved',
          step,
          execution,
          outcome,
          outputs: null,
          record: digestOf(record),
        } as never,
        audit: { type: 'attention.resolution', step },
      });
      return resolved.kind !== 'again';
    });
  }
}

export function envelopeOf(record: object): Envelope {
  return {
    payload: Buffer.from(canonical(record as Json)).toString('base64'),
    payloadType: 'application/vnd.taskrunner.test+json',
    signatures: [{ keyid: '', sig: 'AA==' }],
  };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
