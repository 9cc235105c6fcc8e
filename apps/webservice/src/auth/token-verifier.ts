import { Passport } from 'passport';
import { Strategy } from 'passport-jwt';
import type { KeyObject } from 'node:crypto';
import type { Request, Response } from 'express';
import type { AuthoritySetting, IssuerSetting } from '../configuration';
import { ApiError } from '../problems/problem';
import type { Caller } from './caller';
import { IssuerKeys, KeysUnavailable } from './issuer-keys';
import { jwksOf } from './jwks';
import { checkBoundLife, LEEWAY_SECONDS, readClaims, type Claims } from './read-claims';
import { VerifiedTokens } from './verified-tokens';
import { headerOf, teachEddsa, unverifiedClaimsOf } from './verify-eddsa';

const MAX_TOKEN = 16 * 1024;

/** The token of a request (RFC 6750 §2.1); null: none, or not one. The library would ignore what follows the token. */
function bearer(request: Request): string | null {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** Bearer tokens (RFC 6750, RFC 9068) of the configured issuers: one passport-jwt strategy each, with its own rules. */
export class TokenVerifier {
  private readonly passport = new Passport();
  private readonly issuers: ReadonlySet<string>;
  private readonly verified = new VerifiedTokens();

  constructor(authority: AuthoritySetting, keysOf = (issuer: IssuerSetting) => new IssuerKeys(jwksOf(issuer))) {
    teachEddsa();
    const { issuers } = authority;
    this.issuers = new Set(issuers.map(({ issuer }) => issuer));
    for (const issuer of issuers) this.passport.use(issuer.issuer, strategyOf(issuer, authority, keysOf(issuer)));
  }

  /** The caller of a request. Throws `TOKEN_MISSING`, `TOKEN_INVALID` or `AUTHORITY_UNAVAILABLE`. */
  async callerOf(request: Request, response: Response): Promise<Caller> {
    // Node.js keeps the first one; a proxy may have judged another one.
    if ((request.headersDistinct['authorization']?.length ?? 0) > 1)
      throw invalid('the request has more than one Authorization header');
    const token = bearer(request);
    if (token === null && /^Bearer +\S/i.test(request.headers.authorization ?? ''))
      throw invalid('the Authorization header has more, or other characters, than one token');
    if (token === null) {
      throw new ApiError('TOKEN_MISSING', 'the request has no bearer token', [], {
        'WWW-Authenticate': 'Bearer realm="taskrunner"',
      });
    }
    const known = this.verified.get(token);
    if (known) return known;
    const caller = await this.verify(request, response, token);
    this.verified.keep(token, caller);
    return caller;
  }

  private async verify(request: Request, response: Response, token: string): Promise<Caller> {
    const claims = token.length > MAX_TOKEN ? null : unverifiedClaimsOf(token);
    if (claims === null) throw invalid('it is too long, is not JSON, or contains a duplicate key');
    const issuer = claims['iss'];
    if (typeof issuer !== 'string' || !this.issuers.has(issuer)) throw invalid('its issuer is not configured');
    return new Promise((resolve, reject) => {
      const answer = (error: unknown, caller: Caller | false | undefined | null, info: unknown): void => {
        if (caller) return resolve(caller);
        reject(refusalOf(error ?? info));
      };
      const authenticate = this.passport.authenticate(issuer, { session: false }, answer) as (
        request: Request,
        response: Response,
        next: (error: unknown) => void,
      ) => void;
      authenticate(request, response, reject);
    });
  }
}

function strategyOf(issuer: IssuerSetting, authority: AuthoritySetting, keys: IssuerKeys): Strategy {
  return new Strategy(
    {
      jwtFromRequest: bearer,
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms as never,
      jsonWebTokenOptions: { clockTolerance: LEEWAY_SECONDS },
      passReqToCallback: true,
      secretOrKeyProvider: (
        _request: Request,
        token: string,
        done: (error: unknown, key?: KeyObject | string) => void,
      ) => {
        keyFor(token, issuer, keys).then(
          (key) => done(null, key as never),
          (error: unknown) => done(error),
        );
      },
    } as never,
    ((request: Request, claims: Claims, done: (error: unknown, caller?: Caller) => void) => {
      try {
        const caller = readClaims(claims, bearer(request) ?? '', issuer, authority, Date.now());
        if (caller.bound) checkBoundLife(claims);
        done(null, caller);
      } catch (error) {
        done(error);
      }
    }) as never,
  );
}

/** RFC 9068 §4: an access token has this type. Key locations in a header are never used. */
async function keyFor(token: string, { algorithms }: IssuerSetting, keys: IssuerKeys): Promise<KeyObject> {
  const header = headerOf(token);
  const typ = typeof header?.['typ'] === 'string' ? header['typ'].toLowerCase() : null;
  if (typ !== 'at+jwt' && typ !== 'application/at+jwt') throw invalid('it is not an access token (typ at+jwt)');
  if (!algorithms.includes(String(header?.['alg']))) throw invalid('its algorithm is not accepted');
  // RFC 7797 §6: `b64` must be listed in `crit`, and is not supported here in any case.
  if (header?.['crit'] !== undefined || header?.['b64'] !== undefined) throw invalid('it has critical extensions');
  const kid = header?.['kid'];
  const key = await keys.find(typeof kid === 'string' ? kid : undefined, String(header?.['alg']));
  if (!key) throw invalid('it is not signed by a known key of its issuer');
  return key;
}

function refusalOf(error: unknown): Error {
  if (ApiError.is(error)) return error.code === 'TOKEN_INVALID' ? invalid(error.message) : error;
  if (KeysUnavailable.is(error))
    return new ApiError('AUTHORITY_UNAVAILABLE', error.message, [], { 'Retry-After': '5' });
  // Messages of jsonwebtoken name the fault and contain nothing of the token.
  return invalid(error instanceof Error ? error.message : 'it does not verify');
}

function invalid(why: string): ApiError {
  const text = why.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, ' ').slice(0, 200);
  const challenge = `Bearer realm="taskrunner", error="invalid_token", error_description="${text}"`;
  return new ApiError('TOKEN_INVALID', text, [], { 'WWW-Authenticate': challenge });
}
