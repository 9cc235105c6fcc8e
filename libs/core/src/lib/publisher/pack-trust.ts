import { isCodedError } from '../foundation/coded-error';
import type { Digest, TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { sealEnvelope, type Envelope } from '../evidence/encoding/envelope';
import type { VerifySignature } from '../evidence/encoding/open-envelope';
import { readPackSignature, signerOf, type PackSignature, type SignedPack } from '../evidence/statement/pack-signature';
import { fingerprint } from '../evidence/encoding/public-key';
import { compareVersions } from '../pack/pack-reference';

/** A publisher's key, with the name used in rules. */
export type PublisherKey = {
  readonly keyRef: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  /** DER SubjectPublicKeyInfo in standard base64. */
  readonly spki: string;
};

/** A rule: which packs of which tenants may run if enough of these keys have signed them. */
type PackTrustRule = {
  /** `*`: every tenant. */
  readonly tenants: readonly string[];
  /** Names, or prefixes of names followed by `*`. */
  readonly packs: readonly string[];
  /** Names of keys. */
  readonly anyOf: readonly string[];
  /** Required number of distinct keys. */
  readonly threshold: number;
};

/** The trust policy for packs (docs/guides/packs-registry.md). It is part of the environment document, so that runs are bound to it. */
export type PackTrustPolicy = {
  /** True if a pack without a known signer may run. It may always be planned and simulated. */
  readonly unsigned: 'refuse' | 'run';
  readonly keys: readonly PublisherKey[];
  /** A pack is trusted if it satisfies one of these rules. */
  readonly rules: readonly PackTrustRule[];
  /** Content digests that never run, regardless of signers. */
  readonly deny: readonly Digest[];
  readonly minimumVersions: readonly { readonly pack: string; readonly version: string }[];
};

/** Why a pack may not run. */
export type PackTrustCode =
  /** No rule is satisfied, the content is on the deny list, or the version is too old. */
  | 'PACK_UNTRUSTED'
  /** Nobody has signed it. */
  | 'PACK_UNSIGNED'
  /** A signature is present and invalid. */
  | 'PACK_SIGNATURE_INVALID';

/** The signers of a pack, and whether it may run. */
export interface PackTrust {
  /** Fingerprints of the distinct known keys that signed it, sorted. */
  readonly signers: readonly string[];
  /** One envelope of each key, in the same order. */
  readonly signatures: readonly { readonly envelope: Envelope; readonly hint: string }[];
  /** Why it may not run; null: it may. */
  readonly refusal: { readonly code: PackTrustCode; readonly detail: string; readonly remediation: string } | null;
}

interface Sorted {
  /** By SPKI: a key counts once, regardless of how often and under how many names it signed. */
  readonly valid: ReadonlyMap<string, unknown>;
  readonly invalid: readonly string[];
  readonly unknown: number;
}

/**
 * Decides whether a pack may run for a tenant. Pure and total. An invalid signature does not count. It causes a refusal only if the others
 * are not sufficient, so that nobody can block a pack by adding an invalid one.
 */
export function decidePackTrust(
  pack: SignedPack,
  tenant: TenantId,
  documents: readonly Json[],
  policy: PackTrustPolicy,
  verifySignature: VerifySignature,
): PackTrust {
  const sorted = sortSignatures(pack, documents, policy.keys, verifySignature);
  const found = [...sorted.valid]
    .map(([spki, { envelope }]) => {
      const hint = fingerprint(spki);
      return { hint, envelope: sealEnvelope(envelope.payloadType, envelope.payload, envelope.signature, hint) };
    })
    .sort((a, b) => (a.hint < b.hint ? -1 : 1));
  return {
    signers: found.map(({ hint }) => hint),
    signatures: found,
    refusal: refusalOf(pack, tenant, sorted, policy),
  };
}

/**
 * Decides whether an admitted pack may continue, by the signers in the admission record (fingerprints), under the current policy. Null
 * signers: for an inner pack no signers were recorded, so only its content and version are checked.
 */
export function decideTrustAgain(
  pack: SignedPack,
  tenant: TenantId,
  signers: readonly string[] | null,
  policy: PackTrustPolicy,
): PackTrust['refusal'] {
  const denial = denialOf(pack, policy);
  if (denial !== null || signers === null) return denial;
  const inForce = policy.keys.filter(({ spki }) => signers.includes(fingerprint(spki)));
  const gone = signers.length - new Set(inForce.map(({ spki }) => spki)).size;
  const valid = new Map(inForce.map(({ spki }) => [spki, null]));
  return refusalOf(pack, tenant, { valid, invalid: [], unknown: gone }, policy);
}

function sortSignatures(
  pack: SignedPack,
  documents: readonly Json[],
  keys: readonly PublisherKey[],
  verifySignature: VerifySignature,
): Sorted & { readonly valid: ReadonlyMap<string, PackSignature> } {
  const valid = new Map<string, PackSignature>();
  const invalid: string[] = [];
  let unknown = 0;
  const candidates = keys.map((key) => ({ ...key, usages: ['pack'] as const }));
  const known = new Set(keys.map(({ spki }) => fingerprint(spki)));
  for (const document of documents) {
    try {
      const signature = readPackSignature(document);
      if (signature === null) continue;
      const { hint, about } = signature;
      const key = signerOf(signature, candidates, verifySignature);
      const isAboutIt =
        about.contentDigest === pack.contentDigest && about.name === pack.name && about.version === pack.version;
      if (key !== null && isAboutIt) {
        if (!valid.has(key.spki)) valid.set(key.spki, signature);
      } else if (key !== null) invalid.push(`${fingerprint(key.spki)} signed another pack or content`);
      else if (known.has(hint)) invalid.push(`the signature with the hint ${hint} was not made with that key`);
      else if (!isAboutIt) invalid.push('a signature of an unknown key is for another pack or content');
      else unknown++;
    } catch (error) {
      invalid.push(isCodedError(error) ? error.message : 'a signature cannot be read');
    }
  }
  return { valid, invalid, unknown };
}

function refusalOf(
  pack: SignedPack,
  tenant: TenantId,
  { valid, invalid, unknown }: Sorted,
  policy: PackTrustPolicy,
): PackTrust['refusal'] {
  const denial = denialOf(pack, policy);
  if (denial !== null) return denial;
  const covering = policy.rules.filter((rule) => covers(rule, pack, tenant));
  const missing = covering.map((rule) => rule.threshold - keysOf(rule, policy, valid));
  if (missing.some((count) => count <= 0)) return null;
  const [first] = invalid;
  if (first !== undefined)
    return {
      code: 'PACK_SIGNATURE_INVALID',
      detail: first,
      remediation: 'Ask the publisher to sign the pack again. Do not run it until you know the cause.',
    };
  if (policy.unsigned === 'run') return null;
  if (valid.size === 0 && unknown === 0)
    return {
      code: 'PACK_UNSIGNED',
      detail: 'the pack is not signed; it can be planned and simulated, but not run',
      remediation: 'Sign and publish the pack (`taskrunner pack sign`, `pack push`), or see packsRegistry.unsigned.',
    };
  if (covering.length === 0)
    return untrusted(
      'no rule of the trust policy applies to this pack',
      'Ask the operator for a rule (packsRegistry.rules).',
    );
  return untrusted(
    `${Math.min(...missing)} more trusted keys must sign the pack`,
    'Have the pack signed by further publishers that the trust policy lists.',
  );
}

/** Denied content and versions that are too old, regardless of signers. */
function denialOf(pack: SignedPack, { deny, minimumVersions }: PackTrustPolicy): PackTrust['refusal'] {
  if (deny.includes(pack.contentDigest))
    return untrusted('the content of the pack is on the deny list', 'Use another version of the pack.');
  const oldest = minimumVersions.find(({ pack: name }) => name === pack.name)?.version;
  if (oldest === undefined || compareVersions(pack.version, oldest) >= 0) return null;
  return untrusted(`versions below ${oldest} are not allowed to run`, `Use ${pack.name}:${oldest} or later.`);
}

function untrusted(detail: string, remediation: string) {
  return { code: 'PACK_UNTRUSTED', detail, remediation } as const;
}

function covers({ tenants, packs }: PackTrustRule, { name }: SignedPack, tenant: TenantId): boolean {
  const isOfTenant = tenants.includes('*') || tenants.includes(tenant);
  return isOfTenant && packs.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name));
}

function keysOf({ anyOf }: PackTrustRule, { keys }: PackTrustPolicy, valid: Sorted['valid']): number {
  const wanted = new Set(keys.filter(({ keyRef }) => anyOf.includes(keyRef)).map(({ spki }) => spki));
  return [...wanted].filter((spki) => valid.has(spki)).length;
}
