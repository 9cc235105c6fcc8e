import { verify, type KeyObject } from 'node:crypto';
import { Strategy } from 'passport-jwt';
import { objectionToJson } from '../requests/check-json';

type Verified = (error: Error | null, claims?: unknown) => void;
interface VerifyOptions {
  readonly algorithms?: readonly string[];
  readonly issuer?: string;
  readonly audience?: string;
  readonly jsonWebTokenOptions?: unknown;
  readonly clockTolerance?: number;
}
type Verifier = (token: string, key: KeyObject, options: VerifyOptions, done: Verified) => void;

const shared = Strategy as unknown as { JwtVerifier: Verifier & { readonly knowsEddsa?: true } };

/** passport-jwt uses jsonwebtoken, which does not support Ed25519 (RFC 8037). Such tokens are verified here, by the same rules. */
export function teachEddsa(): void {
  const others = shared.JwtVerifier;
  if (others.knowsEddsa) return;
  const verifier: Verifier = (token, key, options, done) => {
    if (algorithmOf(token) !== 'EdDSA') return others(token, key, options, done);
    try {
      done(null, verifyEddsa(token, key, options, Date.now()));
    } catch (error) {
      done(error instanceof Error ? error : new Error('not a token'));
    }
  };
  shared.JwtVerifier = Object.assign(verifier, { knowsEddsa: true as const });
}

/** The claims of a valid EdDSA token. Throws for any other. */
export function verifyEddsa(
  token: string,
  key: KeyObject,
  options: VerifyOptions,
  now: number,
): Readonly<Record<string, unknown>> {
  const [head, body, signature, ...more] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    throw new Error('not a token');
  if (!options.algorithms?.includes('EdDSA') || key.asymmetricKeyType !== 'ed25519')
    throw new Error('another algorithm');
  if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
    throw new Error('the signature is not valid');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>;
  const seconds = now / 1_000;
  const leeway = options.clockTolerance ?? 0;
  const { exp, nbf, iss, aud } = claims;
  if (typeof exp !== 'number' || seconds >= exp + leeway) throw new Error('the token has expired');
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > seconds + leeway))
    throw new Error('the token is not valid yet');
  if (iss !== options.issuer) throw new Error('another issuer');
  if (![aud].flat().includes(options.audience)) throw new Error('another audience');
  return claims;
}

function algorithmOf(token: string): unknown {
  return headerOf(token)?.['alg'];
}

/** The header of a token, unverified; null if it has none. */
export function headerOf(token: string): Readonly<Record<string, unknown>> | null {
  return partOf(token, 0);
}

/** The unverified claims of a token, used only to select its verifier. */
export function unverifiedClaimsOf(token: string): Readonly<Record<string, unknown>> | null {
  return partOf(token, 1);
}

function partOf(token: string, index: number): Readonly<Record<string, unknown>> | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(
      Buffer.from(token.split('.')[index] ?? '', 'base64url'),
    );
    const value: unknown = JSON.parse(text);
    // A duplicate claim would be read differently by different parsers (RFC 7519 §4).
    if (objectionToJson(text) !== null) return null;
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
