import type { ResolutionRecord } from '../../evidence/records/documents';
import { decodeEnvelope, sealEnvelope } from '../../evidence/encoding/envelope';
import { readResolution } from '../../evidence/records/read-documents';
import type { RunId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Actor, Principal } from '../../foundation/principal';
import { AttentionStore, type SignedResolution } from '../../ports/gates/attention-store';
import type { GateStore } from '../../ports/gates/gate-store';
import type { StepRow } from '../../ports/runs/committer';
import type { RunReader } from '../../ports/runs/run-reader';
import { Signer } from '../../ports/evidence/signer';
import { aBlock, aPlan, aRunNode, testFloor } from '../../../testing/random/random-plan';
import { comparedDocuments } from '../../../testing/stored-documents';
import { ResolveAttention } from './resolve-attention';

const NOW = Date.UTC(2026, 0, 1);
const ISS = 'https://id.test';
const runId = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;
const acting = (sub: string): Actor => ({ iss: ISS, sub, kind: 'person' });
const program = (sub: string): Actor => ({ iss: ISS, sub, kind: 'client' });

const grace: Principal = {
  ...acting('grace'),
  tenant: 'acme' as TenantId,
  name: 'Grace',
  scopes: ['packs.approve'],
  grants: [],
  actors: [],
  authTimeMs: NOW,
  acr: null,
};

class UnprovenSigner extends Signer {
  readonly keyid = '';
  readonly usage = 'ledger';
  async sign(type: string, payload: string) {
    return sealEnvelope(type, new TextEncoder().encode(payload), new Uint8Array(64));
  }
}

class RecordingStore extends AttentionStore {
  readonly signed: SignedResolution[] = [];
  async resolve(resolution: SignedResolution) {
    this.signed.push(resolution);
    return { kind: 'counted' as const };
  }
}

function resolving(programs: readonly string[] = []) {
  const audited: JsonObject[] = [];
  const attention = new RecordingStore();
  const plan = aPlan(aBlock([aRunNode('pay', { uses: 'builtin:command', effects: 'once' })]));
  const floor = { ...testFloor, ...(programs.length > 0 && { actors: programs.map((sub) => ({ iss: ISS, sub })) }) };
  const reader = {
    summary: async () => ({ initiators: [acting('ada'), program('ci')] }),
    documents: async () => comparedDocuments(plan, { approvals: { floor } }),
  } as unknown as RunReader;
  const steps = {
    find: async () => ({ status: 'needs_attention', error: { execution: 1 }, parent: '' }) as unknown as StepRow,
  };
  const gates = {
    now: async () => NOW,
    audit: async (_tenant: TenantId, event: JsonObject) => void audited.push(event),
  } as unknown as GateStore;
  const resolve = new ResolveAttention({ attention, gates, reader, steps, signer: new UnprovenSigner() });
  const by = (change: Partial<Principal>) =>
    resolve.resolve(
      { ...grace, ...change },
      { runId, step: 'pay', execution: 1, outcome: 'retry', outputs: null, reason: 'seen' },
    );
  return { by, attention, audited };
}

describe('a resolution', () => {
  it.each<[string, Partial<Principal>, string[], string]>([
    ['an initiator', { sub: 'ada' }, [], 'GATE_SELF_APPROVAL'],
    ['somebody for whom an initiator acts', { actors: [acting('ada')] }, [], 'GATE_SELF_APPROVAL'],
    [
      'somebody with an initiator far behind',
      { actors: [program('bot'), program('ci')] },
      ['bot'],
      'GATE_SELF_APPROVAL',
    ],
    ['somebody for whom a program acts', { actors: [program('bot')] }, [], 'GATE_NOT_A_PERSON'],
    ['somebody for whom another program acts', { actors: [program('other')] }, ['bot'], 'GATE_NOT_A_PERSON'],
    ['a program', { sub: 'bot' }, ['bot'], 'GATE_NOT_A_PERSON'],
  ])('of %s is refused, audited, and never signed', async (_who, change, programs, code) => {
    const { by, attention, audited } = resolving(programs);
    await expect(by(change)).rejects.toMatchObject({ code });
    expect(attention.signed).toEqual([]);
    expect(audited).toMatchObject([
      { type: 'attention.resolution', outcome: 'refused', code, actors: change.actors ?? [] },
    ]);
  });

  it('tells who acted, in its record and its audit row, also if nobody did', async () => {
    for (const actors of [[program('bot'), acting('mary')], []]) {
      const { by, attention } = resolving(['bot']);
      const record: ResolutionRecord = readResolution(decodeEnvelope(await by({ actors })).payload);
      expect(record).toHaveProperty('actors', actors);
      expect(attention.signed[0]?.audit).toMatchObject({ outcome: 'resolved', actors });
    }
  });
});
