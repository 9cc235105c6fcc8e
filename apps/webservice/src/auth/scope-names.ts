import type { Scope } from '@taskrunner/core/foundation';

const READ: readonly Scope[] = ['packs.read'];
const OPERATOR: readonly Scope[] = ['packs.read', 'packs.run'];
// An administrator in the published vocabulary does not approve here: operating the service does not include deciding gates.
const ADMIN: readonly Scope[] = ['packs.read', 'packs.write', 'packs.run', 'packs.admin'];

/** Scopes and roles of every published vocabulary, as published: a scope is case-sensitive (RFC 6749 §3.3). */
const NAMES: Readonly<Record<string, readonly Scope[]>> = {
  'packs.read': READ,
  'packs.run': ['packs.run'],
  'packs.approve': ['packs.approve'],
  'packs.write': ['packs.write'],
  'packs.admin': ['packs.admin'],
  'Packs.Read': READ,
  'Packs.Run': ['packs.run'],
  'Packs.Approve': ['packs.approve'],
  'Packs.Write': ['packs.write'],
  'Packs.Admin': ['packs.admin'],
  'packs:read': READ,
  'packs:execute': ['packs.run'],
  'packs:publish': ['packs.write'],
  'packs:approve': ['packs.approve'],
  'packs:admin': ['packs.admin'],
  'taskrunner.viewer': READ,
  'taskrunner.operator': OPERATOR,
  'taskrunner.admin': ADMIN,
  'pack-viewer': READ,
  'pack-operator': OPERATOR,
  'pack-publisher': ['packs.read', 'packs.write'],
  'pack-approver': ['packs.read', 'packs.approve'],
  'pack-admin': ADMIN,
};

const ORDER: readonly Scope[] = ['packs.read', 'packs.run', 'packs.approve', 'packs.write', 'packs.admin'];

/** The scopes for names of any published vocabulary, without duplicates; unknown names give none. */
export function scopesOf(names: readonly string[]): readonly Scope[] {
  const known = new Set(names.flatMap((name) => (Object.hasOwn(NAMES, name) ? NAMES[name] : []) ?? []));
  return ORDER.filter((scope) => known.has(scope));
}
