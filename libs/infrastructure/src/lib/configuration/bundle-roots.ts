import { digestOf } from '@taskrunner/core/canonical';
import { algorithmOf, type VerificationKey } from '@taskrunner/core/evidence';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { Configuration } from './configuration';

/** Publishers' keys that `builtin:bundle.ingest` accepts, by id. */
export function bundleRootsOf({
  artifacts,
}: Configuration): ReadonlyMap<
  string,
  { readonly keys: readonly VerificationKey[]; readonly tenants: readonly string[] }
> {
  return new Map(
    artifacts.bundleRoots.map(({ id, keys, tenants }) => {
      return [id, { keys: keys.map((spki) => ({ algorithm: algorithmOf(spki), spki, usages: ['pack'] })), tenants }];
    }),
  );
}

/**
 * The same for the environment document: a run keeps the roots of its admission. They are digests, because the document is in every bundle
 * and must not disclose one tenant to another.
 */
export function boundRootsOf({ artifacts }: Configuration): JsonObject {
  return Object.fromEntries(
    artifacts.bundleRoots.map(({ id, keys, tenants }): [string, string] => [id, digestOf({ keys, tenants })]),
  );
}
