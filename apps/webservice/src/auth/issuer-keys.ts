import { BrandedError } from '@taskrunner/core/foundation';
import { createPublicKey, type KeyObject } from 'node:crypto';

/** One public key of an issuer. */
export interface IssuerKey {
  readonly kid: string | null;
  /** SPKI, PEM. */
  readonly pem: string;
}

/** The keys of an issuer are not available, and no known ones are fresh enough. */
export class KeysUnavailable extends BrandedError {
  static {
    this.brand('KeysUnavailable');
  }

  override readonly name = 'KeysUnavailable';
}

/** RFC 7518 §3.3, §3.5: shorter RSA keys must not be used. */
const LEAST_RSA_BITS = 2_048;
const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** True if this algorithm may be used with the key. */
function takes(alg: string, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (/^(RS|PS)\d+$/.test(alg))
    return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_RSA_BITS;
  if (alg === 'EdDSA') return asymmetricKeyType === 'ed25519';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === CURVES[alg];
}

const MINUTE = 60_000;
/** Pause before a failed first fetch is repeated, milliseconds. */
const FIRST_MS = 2_000;
const FRESH_MS = 10 * MINUTE;
const STALE_MS = 24 * 60 * MINUTE;

/**
 * The keys of one issuer. They are fetched when first needed and refreshed periodically; for an unknown key at most once a minute, and
 * never twice at a time. While the issuer does not answer, known keys are used for a day.
 */
export class IssuerKeys {
  private keys: readonly (IssuerKey & { readonly key: KeyObject })[] | null = null;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private pending: Promise<void> | null = null;

  /** `now`: monotonic milliseconds. */
  constructor(
    private readonly fetchKeys: () => Promise<readonly IssuerKey[]>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * The key with this id that the algorithm takes; without an id the only such key. Null if there is none. Throws `KeysUnavailable`.
   *
   * @param alg `alg` of the token (RFC 7518 §3.1, RFC 8037 §3.1)
   */
  async find(kid: string | undefined, alg: string): Promise<KeyObject | null> {
    if (this.keys === null || this.age > STALE_MS) {
      if (this.sinceTry >= FIRST_MS || this.pending) await this.refresh();
      if (this.keys === null || this.age > STALE_MS)
        throw new KeysUnavailable('the keys of the issuer are not available');
    } else if (this.age > FRESH_MS && this.sinceTry >= MINUTE) void this.refresh();
    const known = this.pick(kid, alg);
    if (known || (this.sinceTry < MINUTE && !this.pending)) return known;
    await this.refresh();
    return this.pick(kid, alg);
  }

  private pick(kid: string | undefined, alg: string): KeyObject | null {
    const keys = (this.keys ?? []).filter(({ key }) => takes(alg, key));
    if (kid === undefined) return keys.length === 1 ? (keys[0]?.key ?? null) : null;
    return keys.find((one) => one.kid === kid)?.key ?? null;
  }

  private get age(): number {
    return this.now() - this.fetchedAt;
  }

  private get sinceTry(): number {
    return this.now() - this.triedAt;
  }

  private async refresh(): Promise<void> {
    this.pending ??= this.fetchOnce().finally(() => (this.pending = null));
    await this.pending;
  }

  private async fetchOnce(): Promise<void> {
    this.triedAt = this.now();
    try {
      const fetched = await this.fetchKeys();
      this.keys = fetched.map((one) => ({ ...one, key: createPublicKey(one.pem) }));
      this.fetchedAt = this.now();
    } catch {
      // Known keys are kept; callers that need other keys get the error.
    }
  }
}
