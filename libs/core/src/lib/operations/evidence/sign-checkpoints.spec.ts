import { digestOf } from '../../canonical/digest';
import { decodeEnvelope, sealEnvelope, type Envelope } from '../../evidence/encoding/envelope';
import { readCheckpoint } from '../../evidence/records/read-documents';
import { toUtf8 } from '../../evidence/encoding/strict-json';
import type { TenantId } from '../../foundation/ids';
import { AuditChain, type AuditChainStatus, type KeptCheckpoint } from '../../ports/evidence/audit-chain';
import { Signer } from '../../ports/evidence/signer';
import { SignCheckpoints } from './sign-checkpoints';

class OneKey extends Signer {
  readonly keyid = 'SHA256:x';
  readonly usage = 'checkpoint';
  sign(type: string, payload: string): Promise<Envelope> {
    return Promise.resolve(sealEnvelope(type, toUtf8(payload), toUtf8('signature')));
  }
}

class Chains extends AuditChain {
  readonly kept: [TenantId, KeptCheckpoint][] = [];
  constructor(private readonly statuses: ReadonlyMap<TenantId, AuditChainStatus>) {
    super();
  }
  entries = () => Promise.resolve([]);
  checkpoints = () => Promise.resolve([]);
  append = () => Promise.resolve();
  due = () => Promise.resolve([...this.statuses.keys()]);
  status = (tenant: TenantId) => Promise.resolve(this.statuses.get(tenant) ?? ({ kind: 'unchanged' } as const));
  keep = (tenant: TenantId, checkpoint: KeptCheckpoint) => Promise.resolve(void this.kept.push([tenant, checkpoint]));
}

it('signs where a chain has grown, nothing where it has not, and nothing over a broken one', async () => {
  const [acme, idle, broken] = ['acme' as TenantId, 'idle' as TenantId, 'broken' as TenantId];
  const head = digestOf('head');
  const chain = new Chains(
    new Map<TenantId, AuditChainStatus>([
      [broken, { kind: 'broken', entry: 3 }],
      [acme, { kind: 'grown', count: 7, head, at: Date.parse('2026-01-02T03:04:05.006Z') }],
      [idle, { kind: 'unchanged' }],
    ]),
  );
  const sign = new SignCheckpoints({ chain, signer: new OneKey(), everyMs: 1, maxEntries: 10, maxTenants: 10 });
  expect(await sign.turn()).toEqual({ signed: 1, broken: [{ tenant: broken, entry: 3 }] });
  expect(chain.kept.map(([tenant]) => tenant)).toEqual([acme]);
  const [, kept] = chain.kept[0] ?? [];
  const { payload, payloadType } = decodeEnvelope(kept?.envelope ?? {});
  expect(payloadType).toBe('application/vnd.taskrunner.checkpoint+json');
  expect(readCheckpoint(payload)).toEqual({
    schema: 'taskrunner.checkpoint.v1',
    tenant: acme,
    count: 7,
    head,
    at: '2026-01-02T03:04:05.006Z',
  });
});
