import { digestOf } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import type { Configuration } from './configuration';

/**
 * The destinations for the environment document: a run keeps those of its admission. They are digests, because the documents are visible to
 * all tenants and must not disclose another tenant's destinations.
 */
export function boundDestinationsOf({ artifacts }: Configuration): { readonly [id: string]: Digest } {
  return Object.fromEntries(
    artifacts.destinations.map(({ id, type, tenants, path, bucket, prefix, endpoint, region }) => {
      const place = type === 'folder' ? { path } : { bucket, prefix, endpoint, region };
      return [id, digestOf({ type, tenants, ...place })];
    }),
  );
}
