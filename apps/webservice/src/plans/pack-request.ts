import { extended, type Digest, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { packInputs, weighsLess, type PackSource, type SentInputs } from '@taskrunner/core/operations';
import { parsePackReference, type PackReference } from '@taskrunner/core/pack';
import type { PublishPackBody } from '../packs/publish-pack.body';
import { ApiError } from '../problems/problem';
import type { DiffBody } from './comparison.body';
import { toSource, type PackBody } from './pack-body';
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

/** The pack in a checked body. */
export function sentPackOf({ manifest, files, pack, bundle, signatures }: PackBody): SentPack {
  if (bundle !== undefined) return { kind: 'upload', digest: bundle.digest, signatures: signatures ?? [] };
  if (manifest !== undefined)
    return { kind: 'source', source: toSource(manifest, files ?? []), signatures: signatures ?? [] };
  const reference = parsePackReference(pack ?? '');
  if (reference === null) throw new TypeError('a reference that was checked is none');
  return { kind: 'published', reference };
}

/** A body with a pack. `mostBeside`: maximum weight of the members besides pack and inputs. Throws `ApiError`. */
export function toPackRequest<Dto extends PackBody>(
  { manifest, files, pack, bundle, signatures, inputs, ...beside }: Dto,
  mostBeside: number,
): Omit<Dto, keyof PackBody> & PackRequest {
  refuseHeavy(extended(beside, { signatures }), mostBeside);
  return extended(beside, {
    pack: sentPackOf({ manifest, files, pack, bundle, signatures } as PackBody),
    inputs: packInputs(inputs ?? {}),
  });
}

/** The script as JSON text, which is parsed where the pack is planned. */
export function toSimulation({ script = {}, ...body }: SimulationBody, mostBeside: number) {
  return { ...toPackRequest<PackBody>(body, mostBeside), script: JSON.stringify(script) };
}

/** Two packs. */
export function toPackPair({ before, after }: DiffBody, mostBeside: number) {
  const one = (body: object): PackRequest => toPackRequest(body as PackBody, mostBeside);
  return { before: one(before), after: one(after) };
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
