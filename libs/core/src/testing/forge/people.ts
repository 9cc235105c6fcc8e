import { canonical } from '../../lib/canonical/canonical';
import { digestOf } from '../../lib/canonical/digest';
import { PAYLOAD_TYPE, type DecisionRecord, type ResolutionRecord } from '../../lib/evidence/records/documents';
import type { Envelope } from '../../lib/evidence/encoding/envelope';
import type { RunId, StepId } from '../../lib/foundation/ids';
import type { Json } from '../../lib/foundation/json';
import { nodeOf } from '../../lib/plan/place';
import type { InputEventBody } from '../../lib/run/run-event';
import type { MemoryWorld } from '../memory/memory-world';
import { signed } from '../sample-signing';
import type { Keys } from './keys';
import type { Lies, Said, Scenario } from './scenario';

/** A record that a ledger key signed, and what it is about. */
export interface Posted {
  readonly about: string;
  readonly envelope: Envelope;
  readonly response: Json;
}

const TWO: readonly Said[] = [
  { sub: 'grace', reason: 'read it' },
  { sub: 'linus', reason: 'read it too' },
];

/** The people of a scenario, and the webservice that signs what they say. */
export class People {
  /** Everything that was signed, in order. */
  readonly posted: Posted[] = [];
  private readonly asked = new Set<string>();
  private counted = 0;

  constructor(
    private readonly world: MemoryWorld,
    private readonly run: RunId,
    private readonly of: {
      readonly scenario: Scenario;
      readonly lies: Lies;
      readonly keys: Keys;
      readonly kept: readonly Posted[] | null;
    },
  ) {}

  /** Lets them decide at every gate that has opened, and resolve every step that needs it; false if nothing asks for them. */
  act(): boolean {
    const gates = [...(this.world.gates.get(this.run)?.values() ?? [])].filter(({ state }) => state === 'open');
    const asking = gates.filter(({ gateDigest }) => !this.asked.has(gateDigest));
    for (const { gate, gateDigest } of asking) {
      this.asked.add(gateDigest);
      this.decide(gate as StepId, gateDigest);
    }
    return this.resolve() || asking.length > 0;
  }

  private decide(gate: StepId, gateDigest: DecisionRecord['gateDigest']): void {
    const { scenario, lies, kept } = this.of;
    const input = { type: 'gate.decided', step: gate } as InputEventBody;
    if (scenario.cancelsAt === gate) {
      const by = { iss: 'https://issuer.test', sub: 'ada' };
      this.world.at += 1_000;
      this.world.post(this.run, { type: 'run.cancel-requested', by, reason: 'not needed', force: false });
      return;
    }
    if (kept !== null) {
      for (const one of kept.filter(({ about }) => about === gate)) this.post(one, input);
      return;
    }
    const all = scenario.people?.[gate] ?? scenario.people?.[nodeOf(gate)] ?? TWO;
    for (const said of all) {
      const record = this.recordOf(gate, gateDigest, said);
      const restated = lies.decision ? lies.decision(record, this.counted - 1) : record;
      if (restated === null) this.world.at += 1_000;
      else this.post(this.sealed(gate, PAYLOAD_TYPE.decision, restated, null), input);
    }
  }

  private recordOf(gate: StepId, gateDigest: DecisionRecord['gateDigest'], said: Said): DecisionRecord {
    const at = new Date(this.world.at + 1_000).toISOString();
    this.counted++;
    return {
      schema: 'taskrunner.decision.v1',
      decisionId: digestOf(`${this.of.scenario.name} ${this.counted}`).slice(7, 23),
      runId: this.run,
      tenant: 'acme',
      gate,
      planHash: this.world.run(this.run).claimed.planHash,
      gateDigest,
      decision: said.decision ?? 'approved',
      response: said.response ?? null,
      person: { iss: 'https://issuer.test', sub: said.sub },
      onBehalfOf: null,
      grants: said.grants ?? ['packs.approve', 'role:sec-lead'],
      bound: 'gate',
      authTime: at,
      acr: null,
      reason: said.reason ?? null,
      decidedAt: at,
      proof: { kind: 'service' },
    };
  }

  /** Resolves steps that need attention. */
  private resolve(): boolean {
    const events = (this.world.pages.get(this.run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event));
    const due = events.flatMap((event) => (event.type === 'step.attention' ? [event] : []));
    const open = due.filter(({ step, execution }) => !this.asked.has(`${step} ${execution}`));
    for (const { step, execution } of open) {
      this.asked.add(`${step} ${execution}`);
      const input = { type: 'attention.resolved', step, execution } as unknown as InputEventBody;
      const kept = this.of.kept?.find(({ about }) => about === `${step} ${execution}`);
      const resolved = this.of.scenario.resolves?.[step];
      if (kept) this.post(kept, input);
      else if (resolved && this.of.kept === null) {
        const at = new Date(this.world.at + 1_000).toISOString();
        const record: ResolutionRecord = {
          schema: 'taskrunner.resolution.v1',
          runId: this.run,
          tenant: 'acme',
          step,
          execution,
          outcome: resolved.outcome,
          outputsDigest: resolved.outputs === null ? null : digestOf(resolved.outputs),
          person: { iss: 'https://issuer.test', sub: 'grace' },
          reason: 'the ledger of the bank shows it',
          authTime: at,
          decidedAt: at,
          proof: { kind: 'service' },
        };
        const restated = this.of.lies.resolution?.(record) ?? record;
        this.post(this.sealed(`${step} ${execution}`, PAYLOAD_TYPE.resolution, restated, resolved.outputs), input);
      }
    }
    return open.length > 0;
  }

  private sealed(about: string, type: string, record: object, response: Json): Posted {
    const payload = new TextEncoder().encode(canonical(record as Json));
    return { about, envelope: signed(this.of.keys.ledger, type, payload), response };
  }

  private post(posted: Posted, input: InputEventBody): void {
    this.world.at += 1_000;
    this.posted.push(posted);
    this.world.post(this.run, input, posted.envelope, posted.response);
  }
}
