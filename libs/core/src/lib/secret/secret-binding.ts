/** A secret of this installation and who may have it. What a list does not name is denied. */
export interface SecretBinding {
  /** As packs call it. */
  readonly name: string;
  /** Id of a provider, and what it calls the secret. */
  readonly provider: string;
  readonly ref: string;
  /** Tenants; `*`: all. */
  readonly tenants: readonly string[];
  /** `name`, `name:version`, each also with `*` at its end. */
  readonly packs: readonly string[];
  /** Fingerprints of publishers' keys, one of which must have signed the pack; `unsigned` admits packs that nobody signed. Empty: any signer. */
  readonly signedBy: readonly string[];
  /** Only for steps behind an approval gate. */
  readonly requireGate: boolean;
  /** Only where steps are sealed. */
  readonly requireSealed: boolean;
  /** What happens when the value changes while a run is under way. */
  readonly rotation: 'refuse' | 'allow';
}

/** Who asks for a secret. */
export interface SecretAsker {
  /** Null: it is not known yet, and bindings are not judged by it (planning without a server). */
  readonly tenant: string | null;
  readonly pack: { readonly name: string; readonly version: string };
  /** Fingerprints of the keys whose signatures on the pack were verified. */
  readonly signers: readonly string[];
  readonly sealed: boolean;
}

/** What a planner needs to know of a secret that may be had. */
export interface SecretGrant {
  readonly provider: string;
  readonly requireGate: boolean;
}

/** Stands in `signedBy` for packs that nobody signed. */
export const UNSIGNED = 'unsigned';

/** The first binding under which the asker may have the secret; null: it may not, or there is no such secret. */
export function bindingFor(bindings: readonly SecretBinding[], name: string, asker: SecretAsker): SecretBinding | null {
  return bindings.find((binding) => binding.name === name && admits(binding, asker)) ?? null;
}

/** What the asker may have, by name. */
export function grantsFor(
  bindings: readonly SecretBinding[],
  asker: SecretAsker,
): { readonly [name: string]: SecretGrant } {
  const grants = new Map<string, SecretGrant>();
  for (const binding of bindings) {
    if (grants.has(binding.name) || !admits(binding, asker)) continue;
    grants.set(binding.name, { provider: binding.provider, requireGate: binding.requireGate });
  }
  return Object.fromEntries(grants);
}

function admits(binding: SecretBinding, { tenant, pack, signers, sealed }: SecretAsker): boolean {
  const { tenants, packs, signedBy, requireSealed } = binding;
  if (requireSealed && !sealed) return false;
  if (tenant !== null && !tenants.includes('*') && !tenants.includes(tenant)) return false;
  if (!packs.some((pattern) => fits(pattern, pack.name) || fits(pattern, `${pack.name}:${pack.version}`))) return false;
  if (signers.length === 0) return signedBy.includes(UNSIGNED);
  return signedBy.length === 0 || signers.some((signer) => signedBy.includes(signer));
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
