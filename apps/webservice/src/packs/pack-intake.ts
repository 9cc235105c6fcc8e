import { Injectable } from '@nestjs/common';
import type { Json, TenantId } from '@taskrunner/core/foundation';
import { PackLibrary, type PackSource, type ProblemCode } from '@taskrunner/core/operations';
import type { SentPack } from '../plans/pack-request';
import { PackSources } from '../plans/pack-sources';
import { OF_UPLOADED_PACKS } from '../openapi/operation';

/** Errors of a pack that is named instead of sent. */
export const INTAKE_CODES: readonly ProblemCode[] = [
  'PACK_NOT_FOUND',
  'PACK_VERSION_MOVED',
  'PACK_DIGEST_MISMATCH',
  'PACK_ARTIFACT_INVALID',
  'PACK_TOO_LARGE',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_DENIED',
  'REGISTRY_REFUSED',
  'REGISTRY_UNSUPPORTED',
];

/** Why a sent pack is refused before it is read completely. */
export const PLANNER_CODES: readonly ProblemCode[] = ['PLAN_LIMIT', 'PLANNER_BUSY', 'PLANNER_UNAVAILABLE'];

/** Of routes that plan what is sent or named, and run nothing. */
export const OF_PLANS: readonly ProblemCode[] = [
  'PACK_INVALID',
  'PLAN_INVALID',
  ...PLANNER_CODES,
  ...INTAKE_CODES,
  ...OF_UPLOADED_PACKS,
];

/** Why a pack that can be planned may not run. */
export const TRUST_CODES: readonly ProblemCode[] = ['PACK_UNTRUSTED', 'PACK_UNSIGNED', 'PACK_SIGNATURE_INVALID'];

/** Reads the pack of a request, in any of its forms. */
@Injectable()
export class PackIntake {
  constructor(
    private readonly library: PackLibrary,
    private readonly sources: PackSources,
  ) {}

  /** Rejects like the library and the store of uploads. */
  async take(
    tenant: TenantId,
    sent: SentPack,
  ): Promise<{ readonly source: PackSource; readonly signatures: readonly Json[] }> {
    switch (sent.kind) {
      case 'source':
        return sent;
      case 'published':
        return this.library.resolve(tenant, sent.reference);
      case 'upload':
        return { source: await this.sources.unpack(tenant, sent.digest), signatures: sent.signatures };
    }
  }
}
