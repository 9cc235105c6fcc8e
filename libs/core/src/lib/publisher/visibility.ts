import type { TenantId } from '../foundation/ids';
import type { Metadata } from '../pack/model/pack';

/** True if a registry belongs to the tenant; `*` makes it belong to every tenant. */
export function isOwnedBy(owners: readonly string[], tenant: TenantId): boolean {
  return owners.includes('*') || owners.includes(tenant);
}

/** True if a tenant may see a pack: it is in a registry of the tenant, or the pack itself declares that it is visible to the tenant. */
export function isVisibleTo(
  visibility: Metadata['tenantVisibility'],
  owners: readonly string[],
  tenant: TenantId,
): boolean {
  if (isOwnedBy(owners, tenant) || visibility === 'public') return true;
  return typeof visibility !== 'string' && visibility.includes(tenant);
}
