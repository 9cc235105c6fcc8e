import {
  actChain,
  isSubjectName,
  isTenantId,
  MAX_ACTORS,
  sameSubject,
  type Actor,
  type Json,
  type Principal,
  type Subject,
} from '@taskrunner/core/foundation';
import type { BoundToken } from '@taskrunner/core/operations';
import type { AuthoritySetting, IssuerSetting } from '../configuration';
import { ApiError } from '../problems/problem';
import type { Caller } from './caller';
import { scopesOf } from './scope-names';

/** Claims of a token whose signature, issuer, audience and times are valid. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The caller of a token. It is a person only if the issuer issues tokens for people, the token contains the time of the sign-in, and it was
 * not issued for client credentials (docs/guides/approvals.md, Who may decide). `now`: milliseconds since the epoch. Throws `TOKEN_INVALID`.
 */
export function readClaims(
  claims: Claims,
  jws: string,
  issuer: IssuerSetting,
  authority: AuthoritySetting,
  now: number,
): Caller {
  const names = authority.claims;
  const sub = nameOf(claims['sub']) ?? refuse('sub', NO_NAME);
  const exp = instantOf(claims['exp']) ?? refuse('exp', NO_INSTANT);
  // A sign-in time in the future would make the token pass for a fresh sign-in until then.
  for (const name of ['iat', 'auth_time'])
    if ((numberOf(claims[name]) ?? 0) > now / 1_000 + LEEWAY_SECONDS) refuse(name, 'a time that is not in the future');
  const tenants = listOf(claims[names.tenant]).filter(isTenantId);
  const [tenant] = tenants;
  if (tenant === undefined) return refuse(names.tenant);
  const authTime = instantOf(claims['auth_time']);
  const isProgram = isAmong(authority.programs, { iss: issuer.issuer, sub });
  const isPerson = issuer.kind !== 'clients' && authTime !== null && !isClientCredentials(claims, sub) && !isProgram;
  const principal: Principal = {
    iss: issuer.issuer,
    sub,
    kind: isPerson ? 'person' : 'client',
    tenant,
    name: textOf(claims[names.name]) ?? sub,
    scopes: scopesOf([...words(claims['scope']), ...words(claims['scp']), ...words(claims['roles'])]),
    grants: listOf(claims[names.grants]),
    actors: actorsOf(claims['act'], issuer.issuer, authority),
    authTimeMs: isPerson ? authTime * 1_000 : null,
    acr: textOf(claims['acr']),
  };
  return { principal, tenants, expiresAt: exp * 1_000, bound: boundOf(claims, jws) };
}

/** The same caller in the tenant that the request names. Throws `TENANT_MISMATCH`. */
export function withinTenant(caller: Caller, named: readonly (string | undefined)[]): Caller {
  const [wanted, ...others] = named.filter((name) => name !== undefined);
  if (wanted === undefined) return caller;
  const tenant = caller.tenants.find((one) => one === wanted);
  if (tenant === undefined || !isTenantId(tenant) || others.some((other) => other !== wanted)) {
    throw new ApiError('TENANT_MISMATCH', 'the token does not include the tenant of the request');
  }
  return { ...caller, principal: { ...caller.principal, tenant } };
}

/** Tokens of machines: the client is its own subject (RFC 9068 §2.2), or the issuer says so. */
function isClientCredentials(claims: Claims, sub: string): boolean {
  return (
    claims['client_id'] === sub ||
    claims['azp'] === sub ||
    claims['gty'] === 'client-credentials' ||
    claims['idtyp'] === 'app'
  );
}

/**
 * Who acts for the subject (RFC 8693 §4.1), the current actor first. The claim does not say whether an actor is a person. It is one if its
 * issuer serves only people or `approvals.people` lists it, and never if `approvals.actors` lists it.
 */
function actorsOf(act: unknown, iss: string, { issuers, programs, people }: AuthoritySetting): readonly Actor[] {
  // The result of JSON.parse of the token's body.
  const chain =
    actChain(act as Json | undefined, iss) ??
    refuse('act', `at most ${MAX_ACTORS} actors, each an object with a \`sub\``);
  if (chain.some((one) => nameOf(one.sub) === null || nameOf(one.iss, MAX_ISSUER) === null)) refuse('act', NO_NAME);
  const ofPeople = (one: Subject): boolean =>
    issuers.some(({ issuer, kind }) => issuer === one.iss && kind === 'people') || isAmong(people, one);
  return chain.map((one) => ({ ...one, kind: ofPeople(one) && !isAmong(programs, one) ? 'person' : 'client' }));
}

function isAmong(all: readonly Subject[] = [], one: Subject): boolean {
  return all.some((other) => sameSubject(other, one));
}

function boundOf(claims: Claims, jws: string): BoundToken | null {
  const isBound =
    Object.keys(claims).some((name) => name.startsWith('pack_')) || claims['authorization_details'] !== undefined;
  if (!isBound) return null;
  return {
    jws,
    jti: textOf(claims['jti']) ?? refuse('jti'),
    runId: textOf(claims['pack_run_id']) ?? refuse('pack_run_id'),
    gate: textOf(claims['pack_gate_id']) ?? refuse('pack_gate_id'),
    planHash: textOf(claims['pack_plan_hash']) ?? refuse('pack_plan_hash'),
    gateDigest: textOf(claims['pack_gate_digest']),
    decision: textOf(claims['pack_decision']),
  };
}

const BOUND_SECONDS = 300;

/** A bound token is valid for at most five minutes (docs/guides/approvals.md, Deciding). Throws `TOKEN_INVALID`. */
export function checkBoundLife(claims: Claims): void {
  const [iat, exp] = [numberOf(claims['iat']), numberOf(claims['exp'])];
  if (iat === null || exp === null || exp - iat > BOUND_SECONDS) refuse('iat');
}

/** Permitted clock difference of issuers, seconds. */
export const LEEWAY_SECONDS = 5;
/** Limit of RFC 3339: the end of the year 9999, seconds since the epoch. */
const LAST_SECOND = 253_402_300_799;
/** Longest subject (OpenID Connect Core §2). */
const MAX_SUBJECT = 255;
/** Longest issuer of an actor: as long as URLs that work everywhere. */
const MAX_ISSUER = 2_000;
const NO_NAME = `a string of at most ${MAX_SUBJECT} visible characters without white space around them`;
const NO_INSTANT = 'seconds since 1970, up to the year 9999';

function refuse(claim: string, expected?: string): never {
  const wanted = expected === undefined ? '' : `: expected ${expected}`;
  throw new ApiError('TOKEN_INVALID', `the token has no valid claim ${claim}${wanted}`);
}

function textOf(value: unknown): string | null {
  return isSubjectName(value) ? value : null;
}

/** What a name that people read may not contain: see `nameOf`. */
const UNREADABLE = /[\p{C}\p{Zl}\p{Zp}]|[^\P{Zs} ]|^ | $/u;

/**
 * A subject's name is also read by people, and two subjects must not look alike: no control, format or private-use characters, no unpaired
 * surrogates, no line ends, no white space but U+0020, and none around it.
 */
function nameOf(value: unknown, most = MAX_SUBJECT): string | null {
  return isSubjectName(value) && value.length <= most && !UNREADABLE.test(value) ? value : null;
}

/** A NumericDate (RFC 7519 §2) within the calendar, in seconds. */
function instantOf(value: unknown): number | null {
  const number = numberOf(value);
  return number !== null && number >= 0 && number <= LAST_SECOND ? number : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function listOf(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return [...new Set(all.filter(isSubjectName))];
}

function words(value: unknown): readonly string[] {
  return listOf(value).flatMap((text) => text.split(' '));
}
