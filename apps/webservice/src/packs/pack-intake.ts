import { Injectable } from '@nestjs/common';
import { PackLibrary, parsePackReference, type Json, type PackSource, type TenantId } from '@taskrunner/core';
import { toSource, type PackBody } from '../plans/pack-body';
import { PackSources } from '../plans/pack-sources';
import { ApiError } from '../problems/problem';
import type { ProblemCode } from '../problems/problem-code';
import { fault } from '../requests/validated';

/** What may be wrong with a pack that is named and not sent in. */
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

/** Why a pack that was sent in is not even looked at to the end. */
export const PLANNER_CODES: readonly ProblemCode[] = ['PLAN_LIMIT', 'PLANNER_BUSY', 'PLANNER_UNAVAILABLE'];

/** Why a pack that can be planned may not run. */
export const TRUST_CODES: readonly ProblemCode[] = ['PACK_UNTRUSTED', 'PACK_UNSIGNED', 'PACK_SIGNATURE_INVALID'];

/** Takes the pack of a request, in whichever way it came. */
@Injectable()
export class PackIntake {
  constructor(
    private readonly library: PackLibrary,
    private readonly sources: PackSources,
  ) {}

  /** Rejects with `REQUEST_INVALID` unless exactly one way is used, and as the library does. */
  async take(
    tenant: TenantId,
    { manifest, files, pack, bundle, signatures }: PackBody,
  ): Promise<{ readonly source: PackSource; readonly signatures: readonly Json[] }> {
    if ([manifest, pack, bundle].filter((way) => way !== undefined).length !== 1)
      throw new ApiError('REQUEST_INVALID', 'the request has one fault', [
        fault(
          '/manifest',
          'Exactly one of manifest, pack and bundle is given.',
          'Send a manifest, name a published pack, or refer to an upload.',
        ),
      ]);
    if (bundle !== undefined) {
      const source = await this.sources.unpack(tenant, bundle.digest, files);
      return { source, signatures: signatures ?? [] };
    }
    if (manifest !== undefined) return { source: toSource(manifest, files ?? []), signatures: signatures ?? [] };
    if (files !== undefined || signatures !== undefined)
      throw new ApiError('REQUEST_INVALID', 'the request has one fault', [
        fault(files === undefined ? '/signatures' : '/files', 'A published pack brings its own files and signatures.'),
      ]);
    const reference = parsePackReference(pack ?? '');
    if (reference === null) throw new TypeError('a reference that was checked is none');
    return this.library.resolve(tenant, reference);
  }
}
