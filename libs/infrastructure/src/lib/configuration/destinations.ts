import { digestOf } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import type { Configuration } from './configuration';

/**
 * The destinations as the environment document binds them: a run keeps those of its admission. Only by digest: documents are every tenant's,
 * and where another's evidence goes is not its business.
 */
export function boundDestinationsOf({ artifacts }: Configuration): { readonly [id: string]: Digest } {
  return Object.fromEntries(
    artifacts.destinations.map(({ id, type, tenants, path, bucket, prefix, endpoint, region }) => {
      const place = type === 'folder' ? { path } : { bucket, prefix, endpoint, region };
      return [id, digestOf({ type, tenants, ...place })];
    }),
  );
}
