import type { TenantId } from '../foundation/ids';
import type { Metadata } from '../pack/model/pack';

/** True if a registry is one of the tenant's own: `*` makes it everybody's. */
export function isOwnedBy(owners: readonly string[], tenant: TenantId): boolean {
  return owners.includes('*') || owners.includes(tenant);
}

/** True if a tenant may know of a pack: it is in a registry of its own, or is shown to it by what the pack itself says. */
export function isVisibleTo(
  visibility: Metadata['tenantVisibility'],
  owners: readonly string[],
  tenant: TenantId,
): boolean {
  if (isOwnedBy(owners, tenant) || visibility === 'public') return true;
  return typeof visibility !== 'string' && visibility.includes(tenant);
}
