/** A secret of this installation and who may use it. Anything that a list does not name is denied. */
export interface SecretBinding {
  /** Its name in packs. */
  readonly name: string;
  /** Id of a provider, and the provider's name of the secret. */
  readonly provider: string;
  readonly ref: string;
  /** Tenants; `*`: all of them. */
  readonly tenants: readonly string[];
  /** `name` or `name:version`, each optionally with a trailing `*`. */
  readonly packs: readonly string[];
  /**
   * Fingerprints of publishers' keys, one of which must have signed the pack. `unsigned` allows packs without a signature. Empty: any
   * signer.
   */
  readonly signedBy: readonly string[];
  /** Only for steps behind an approval gate. */
  readonly requireGate: boolean;
  /** Only in sealed runs. */
  readonly requireSealed: boolean;
  /** What happens if the value changes during a run. */
  readonly rotation: 'refuse' | 'allow';
}

/** The pack and tenant that request a secret. */
export interface SecretAsker {
  /** Null: not known yet, and not checked (planning without a server). */
  readonly tenant: string | null;
  readonly pack: { readonly name: string; readonly version: string };
  /** Fingerprints of the keys whose signatures on the pack were verified. */
  readonly signers: readonly string[];
  readonly sealed: boolean;
}

/** What a planner needs to know of an available secret. */
export interface SecretGrant {
  readonly provider: string;
  readonly requireGate: boolean;
}

/** In `signedBy`: packs without a signature. */
export const UNSIGNED = 'unsigned';

/** The first binding that permits the use of the secret; null if none does, or if there is no such secret. */
export function bindingFor(bindings: readonly SecretBinding[], name: string, asker: SecretAsker): SecretBinding | null {
  return bindings.find((binding) => binding.name === name && admits(binding, asker)) ?? null;
}

/** The secrets that may be used, by name. */
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
