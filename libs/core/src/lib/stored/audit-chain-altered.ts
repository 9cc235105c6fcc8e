import { CodedError } from '../foundation/coded-error';
import type { TenantId } from '../foundation/ids';

/** The code of this layer. */
export type AuditChainCode = 'AUDIT_CHAIN_ALTERED';

/**
 * The counter of a tenant's audit chain does not continue its entries: somebody has altered or removed it. What needs an entry is not done,
 * because an entry could not be told from one that was removed.
 */
export class AuditChainAltered extends CodedError<AuditChainCode> {
  static {
    this.brand('AuditChainAltered');
  }

  override readonly name = 'AuditChainAltered';

  constructor(readonly tenant: TenantId) {
    super(
      'AUDIT_CHAIN_ALTERED',
      `the audit chain of ${tenant} cannot be continued: its counter has been altered`,
      'Nothing was done. The operator finds the tenant in the log (event `alarm`) and restores its row of `audit_heads`. Then send the request again.',
    );
  }
}
