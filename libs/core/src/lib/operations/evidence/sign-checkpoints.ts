import { canonical } from '../../canonical/canonical';
import { PAYLOAD_TYPE, type CheckpointRecord } from '../../evidence/records/documents';
import { asJson } from '../../evidence/records/run-evidence';
import { timeOf } from '../../evidence/statement/statement';
import type { TenantId } from '../../foundation/ids';
import type { AuditChain } from '../../ports/evidence/audit-chain';
import type { Signer } from '../../ports/evidence/signer';

/** Dependencies of signing checkpoints. */
interface SignCheckpointsDependencies {
  readonly chain: AuditChain;
  readonly signer: Signer<'checkpoint'>;
  /** Minimum time between two checkpoints of one tenant, milliseconds. */
  readonly everyMs: number;
  /** Maximum number of entries that one checkpoint adds. They are verified before it is signed. */
  readonly maxEntries: number;
  /** Maximum number of tenants per round. */
  readonly maxTenants: number;
}

/** Result of one round. */
interface CheckpointTurn {
  readonly signed: number;
  /** Tenants whose chain is broken. No checkpoint is signed for them. An operator must see them. */
  readonly broken: readonly { readonly tenant: TenantId; readonly entry: number }[];
}

/**
 * Signs the head of each tenant's audit chain if the chain has grown since its last checkpoint. The entries in between are verified first,
 * so no checkpoint covers a chain that was changed after the previous one. Several processes may run it at once.
 */
export class SignCheckpoints {
  constructor(private readonly dependencies: SignCheckpointsDependencies) {}

  async turn(): Promise<CheckpointTurn> {
    const { chain, everyMs, maxTenants } = this.dependencies;
    let signed = 0;
    const broken: { tenant: TenantId; entry: number }[] = [];
    for (const tenant of await chain.due(everyMs, maxTenants)) {
      const entry = await this.sign(tenant);
      if (entry === null) signed += 1;
      else if (entry > 0) broken.push({ tenant, entry });
    }
    return { signed, broken };
  }

  /** Null if a checkpoint was signed; the entry at which the chain is broken; 0 if there was nothing to sign. */
  private async sign(tenant: TenantId): Promise<number | null> {
    const { chain, signer, maxEntries } = this.dependencies;
    const status = await chain.status(tenant, maxEntries);
    if (status.kind === 'unchanged') return 0;
    if (status.kind === 'broken') return status.entry;
    const { count, head, at } = status;
    const record: CheckpointRecord = { schema: 'taskrunner.checkpoint.v1', tenant, count, head, at: timeOf(at) };
    const envelope = await signer.sign(PAYLOAD_TYPE.checkpoint, canonical(asJson(record)));
    await chain.keep(tenant, { count, head, at, envelope });
    return null;
  }
}
