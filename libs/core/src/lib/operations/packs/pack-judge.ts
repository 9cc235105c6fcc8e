import type { VerifySignature } from '../../evidence/encoding/open-envelope';
import type { SignedPack } from '../../evidence/statement/pack-signature';
import type { TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { PackVersions } from '../../ports/packs/pack-versions';
import { decidePackTrust, type PackTrust, type PackTrustPolicy } from '../../publisher/pack-trust';

/** Says who stands behind a pack: one rule for every way in (docs/guides/packs-registry.md). */
export class PackJudge {
  constructor(
    readonly policy: PackTrustPolicy,
    private readonly versions: PackVersions,
    private readonly verifySignature: VerifySignature,
  ) {}

  /**
   * Judges with the signatures that came along and, where nobody known is among them, those of a published version of exactly this
   * content that the tenant has met: so a manifest that is sent in has the signers of the pack that it is.
   */
  async judge(tenant: TenantId, pack: SignedPack, supplied: readonly Json[]): Promise<PackTrust> {
    const decide = (documents: readonly Json[]) =>
      decidePackTrust(pack, tenant, documents, this.policy, this.verifySignature);
    const trust = decide(supplied);
    if (trust.signers.length > 0 || this.policy.keys.length === 0) return trust;
    const known = await this.versions.signaturesOf(tenant, pack.contentDigest);
    return known === null || known.length === 0 ? trust : decide([...supplied, ...known]);
  }
}
