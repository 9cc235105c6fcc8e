import type { JsonObject } from '../../foundation/json';
import type { Digest } from '../../foundation/ids';
import type { KeyUsage } from './envelope';
import { EvidenceError, type EvidenceCode } from './evidence-error';
import type { VerificationKey } from './open-envelope';
import { algorithmOf, fingerprint } from './public-key';
import {
  anyJson,
  closed,
  digest,
  flag,
  instant,
  listOf,
  mapOf,
  nullable,
  oneOf,
  optional,
  readShape,
  text,
  whole,
  type Shape,
} from './shape';
import { parseStrictJson } from './strict-json';

/** A time span, RFC 3339 UTC. Both ends are inclusive. */
export interface Span {
  readonly start: string;
  readonly end: string;
}

/** A trusted key with its usage, tenants and validity. */
export interface TrustedKey extends VerificationKey {
  readonly keyid: string;
  readonly usages: readonly KeyUsage[];
  /** Builder ids whose statements the key may sign. */
  readonly builders: readonly string[];
  /** `*` = every tenant. */
  readonly tenants: readonly string[];
  readonly validFor: Span;
  /** `compromised` invalidates every signature without a proven earlier time; `retired` invalidates signatures made later. */
  readonly revoked: { readonly at: string; readonly reason: 'compromised' | 'retired' } | null;
}

/** An issuer of tokens. */
export interface TrustedIssuer {
  readonly iss: string;
  /** Only tokens of `people` issuers are decisions of humans. */
  readonly kind: 'people' | 'clients';
  readonly population: string;
  readonly audience: string;
  readonly jwks: readonly JsonObject[];
}

export type ProofKind = 'service' | 'token' | 'key';

/** What a verifier trusts, `taskrunner.trust.v1` (docs/guides/auditing.md). It is never read from the bundle. */
export interface TrustFile {
  readonly schema: 'taskrunner.trust.v1';
  readonly id: string;
  readonly serial: number;
  readonly issued: string;
  readonly expires: string;
  readonly keys: readonly TrustedKey[];
  readonly issuers: readonly TrustedIssuer[];
  /** Keys of people. */
  readonly approvers: readonly { readonly iss: string; readonly sub: string; readonly spki: string }[];
  readonly timestampAuthorities: readonly JsonObject[];
  readonly require: {
    readonly mode: 'any' | 'open' | 'sealed';
    /** The weakest accepted proof of a person. */
    readonly proof: ProofKind;
    readonly time: 'asserted' | 'timestamp';
    readonly checkpoints: boolean;
    /** Number of approvals that every approval gate must have had, regardless of the pack. */
    readonly minApprovals: number;
    /** Number of signers that the pack must have had at admission. */
    readonly packSigners: number;
    /** True: the statement must name what the bundle carries. Statements of the first release do not; absent or false accepts them. */
    readonly carried?: boolean;
    /** False accepts runs with questions that cannot be answered again because the run made more large values than a bundle carries. */
    readonly answers?: boolean;
    /** Accepted worker builds; empty: any. */
    readonly builds: readonly Digest[];
    /** Number of distinct keys that must have signed the pack-run statement. */
    readonly signatures: { readonly run: number };
  };
}

const span = closed<Span>({ start: instant, end: instant });
const usage = oneOf('admission', 'ledger', 'run-open', 'run-sealed', 'bundle', 'checkpoint', 'pack', 'summary');

const shape = closed<TrustFile>({
  schema: oneOf('taskrunner.trust.v1'),
  id: text,
  serial: whole,
  issued: instant,
  expires: instant,
  keys: listOf(
    closed<TrustedKey>({
      keyid: text,
      algorithm: oneOf('ed25519', 'ecdsa-p256'),
      spki: text,
      usages: listOf(usage),
      builders: listOf(text),
      tenants: listOf(text),
      validFor: span,
      revoked: nullable(closed({ at: instant, reason: oneOf('compromised', 'retired') })),
    }),
  ),
  issuers: listOf(
    closed<TrustedIssuer>({
      iss: text,
      kind: oneOf('people', 'clients'),
      population: text,
      audience: text,
      jwks: listOf(mapOf(anyJson)),
    }),
  ),
  approvers: listOf(closed({ iss: text, sub: text, spki: text })),
  timestampAuthorities: listOf(mapOf(anyJson)),
  require: closed({
    mode: oneOf('any', 'open', 'sealed'),
    proof: oneOf('service', 'token', 'key'),
    time: oneOf('asserted', 'timestamp'),
    checkpoints: flag,
    minApprovals: whole,
    packSigners: whole,
    carried: optional(flag) as Shape<boolean>,
    answers: optional(flag) as Shape<boolean>,
    builds: listOf(digest),
    signatures: closed({ run: whole }),
  }),
});

/**
 * Reads a trust file: strict JSON, no member missing or unknown (all faults at once, `TRUST_INVALID`), each SPKI once and of
 * the algorithm that it claims and under its own fingerprint, spans that do not end before they start.
 */
export function readTrust(json: string): TrustFile {
  const trust = readShape(shape, parseStrictJson(json), 'a trust file', 'TRUST_INVALID');
  const seen = new Set<string>();
  for (const [place, key] of trust.keys.entries()) {
    const at = `/keys/${place}`;
    if (algorithmAt(key.spki, at) !== key.algorithm)
      refuse(`${at}/algorithm`, `key ${key.keyid} is not of algorithm ${key.algorithm}`);
    // Reports name signers by `keyid`. A freely chosen one would be mistaken for the fingerprint of the key.
    if (key.keyid !== fingerprint(key.spki))
      refuse(
        `${at}/keyid`,
        `${JSON.stringify(key.keyid)} is not the fingerprint of its key: that is ${fingerprint(key.spki)}`,
      );
    if (seen.has(key.spki)) refuse(`${at}/spki`, `key ${key.keyid} is listed twice`);
    seen.add(key.spki);
    if (Date.parse(key.validFor.end) < Date.parse(key.validFor.start))
      refuse(`${at}/validFor/end`, `key ${key.keyid} ends before it starts`);
  }
  for (const [place, { spki }] of trust.approvers.entries()) algorithmAt(spki, `/approvers/${place}`);
  if (Date.parse(trust.expires) < Date.parse(trust.issued)) refuse('/expires', 'the file expires before it was issued');
  return trust;
}

function algorithmAt(spki: string, path: string): TrustedKey['algorithm'] {
  try {
    return algorithmOf(spki);
  } catch (error) {
    if (EvidenceError.is(error)) refuse(`${path}/spki`, error.message, error.code, error.remediation);
    throw error;
  }
}

function refuse(
  path: string,
  message: string,
  code: EvidenceCode = 'TRUST_INVALID',
  remediation = 'Correct the trust file.',
): never {
  const fault = { code, path, line: null, column: null, message, remediation };
  throw new EvidenceError(code, message, remediation, [fault]);
}

/** Use of a key in a bundle: tenant, builder and time (as the signed document states it). */
export interface KeyUse {
  readonly tenant: string;
  /** Null if the usage has no builder. */
  readonly builder: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Why the key may not be used in this way; null if it may. The signature itself was checked before. */
export function objectionTo(key: TrustedKey, use: KeyUse): string | null {
  if (!key.tenants.includes('*') && !key.tenants.includes(use.tenant))
    return `${key.keyid} does not sign for this tenant`;
  if (use.builder !== null && !key.builders.includes(use.builder)) return `${key.keyid} is not the key of this builder`;
  if (use.at < Date.parse(key.validFor.start) || use.at > Date.parse(key.validFor.end)) {
    return `${key.keyid} was not valid at ${new Date(use.at).toISOString()}`;
  }
  if (key.revoked === null) return null;
  if (key.revoked.reason === 'compromised')
    return `${key.keyid} is revoked as compromised, and no earlier time is proven`;
  return use.at > Date.parse(key.revoked.at) ? `${key.keyid} was retired before` : null;
}
