import { isCodedError, type Digest, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { packInputs, weighsLess, type PackSource, type SentInputs } from '@taskrunner/core/operations';
import { parsePackReference, type PackReference } from '@taskrunner/core/pack';
import type { PublishPackBody } from '../packs/publish-pack.body';
import { ApiError } from '../problems/problem';
import { requestInvalid, validated } from '../requests/validated';
import type { DiffBody } from './comparison.body';
import { PackBody, toSource } from './pack-body';
import type { SimulationBody } from './plan.body';

/** A pack in any of the forms of a request. Large parts are texts or bytes. */
export type SentPack =
  | { readonly kind: 'source'; readonly source: PackSource; readonly signatures: readonly JsonObject[] }
  | { readonly kind: 'published'; readonly reference: PackReference }
  | { readonly kind: 'upload'; readonly digest: Digest; readonly signatures: readonly JsonObject[] };

/** A pack and its inputs from a request, as data that is cheap to pass to a thread. */
export interface PackRequest {
  readonly pack: SentPack;
  readonly inputs: SentInputs;
}

/** The pack in a body. Throws `REQUEST_INVALID` unless exactly one form is used. */
export function sentPackOf({ manifest, files, pack, bundle, signatures }: PackBody): SentPack {
  if ([manifest, pack, bundle].filter((way) => way !== undefined).length !== 1)
    throw requestInvalid(
      '/manifest',
      'Exactly one of manifest, pack and bundle must be set.',
      'Send a manifest, the reference of a published pack, or the digest of an upload.',
    );
  if (bundle !== undefined) {
    if (files !== undefined && files.length > 0)
      throw requestInvalid('/files', 'An uploaded pack already contains its files.', 'Omit files.');
    return { kind: 'upload', digest: bundle.digest, signatures: signatures ?? [] };
  }
  if (manifest !== undefined)
    return { kind: 'source', source: toSource(manifest, files ?? []), signatures: signatures ?? [] };
  if (files !== undefined || signatures !== undefined)
    throw requestInvalid(
      files === undefined ? '/signatures' : '/files',
      'A published pack already contains its files and signatures.',
    );
  const reference = parsePackReference(pack ?? '');
  if (reference === null) throw new TypeError('a reference that was checked is none');
  return { kind: 'published', reference };
}

/** A body with a pack. `mostBeside`: maximum weight of the members besides pack and inputs. Throws `ApiError`. */
export function toPackRequest<Dto extends PackBody>(
  { manifest, files, pack, bundle, signatures, inputs, ...beside }: Dto,
  mostBeside: number,
): Omit<Dto, keyof PackBody> & PackRequest {
  refuseHeavy({ ...beside, signatures }, mostBeside);
  return {
    ...beside,
    pack: sentPackOf({ manifest, files, pack, bundle, signatures } as PackBody),
    inputs: packInputs(inputs ?? {}),
  };
}

/** The script as JSON text, which is parsed where the pack is planned. */
export function toSimulation({ script = {}, ...body }: SimulationBody, mostBeside: number) {
  return { ...toPackRequest<PackBody>(body, mostBeside), script: JSON.stringify(script) };
}

/** Two packs. Faults are reported below the member that holds the pack. */
export function toPackPair({ before, after }: DiffBody, mostBeside: number) {
  const one = (at: string, body: object): PackRequest => {
    try {
      return toPackRequest<PackBody>(validated(PackBody, body), mostBeside);
    } catch (error) {
      if (!isCodedError(error) || !ApiError.is(error)) throw error;
      const faults = error.faults.map((found) => ({ ...found, path: `${at}${found.path}` }));
      throw new ApiError(error.code, error.message, faults, error.headers);
    }
  };
  return { before: one('/before', before), after: one('/after', after) };
}

/** A pack to publish. */
export function toPublication({ manifest, files, signatures = [] }: PublishPackBody, mostBeside: number) {
  refuseHeavy(signatures, mostBeside);
  return { source: toSource(manifest, files ?? []), signatures };
}

/** Members that are not packed are passed by value. */
function refuseHeavy(beside: object, most: number): void {
  if (weighsLess(beside as Json, most)) return;
  throw new ApiError('BODY_TOO_LARGE', `a body may have ${most} keys and elements outside its pack and inputs`);
}
