import type { VerifySignature } from '../../evidence/encoding/open-envelope';
import type { SignedPack } from '../../evidence/statement/pack-signature';
import type { TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { PackVersions } from '../../ports/packs/pack-versions';
import { decidePackTrust, type PackTrust, type PackTrustPolicy } from '../../publisher/pack-trust';

/** Determines the signers of a pack, by the same rule for every way of submission (docs/guides/packs-registry.md). */
export class PackJudge {
  constructor(
    readonly policy: PackTrustPolicy,
    private readonly versions: PackVersions,
    private readonly verifySignature: VerifySignature,
  ) {}

  /**
   * Uses the signatures that came with the pack. If none of them is by a known signer, it uses those of a published version with exactly
   * this content that the tenant has seen. A manifest that is sent directly thus has the signers of the published pack.
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
