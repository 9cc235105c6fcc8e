import { isTenantId, type Actor, type BoundToken, type Principal } from '@taskrunner/core';
import type { AuthoritySetting, IssuerSetting } from '../configuration';
import { ApiError } from '../problems/problem';
import type { Caller } from './caller';
import { scopesOf } from './scope-names';

/** Claims of a token whose signature, issuer, audience and times hold. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The caller that a token speaks for. A person only if the issuer has people, the token tells when they signed in, and it is
 * none of client credentials (gates.md §2). Throws `TOKEN_INVALID`.
 */
export function readClaims(
  claims: Claims,
  jws: string,
  issuer: IssuerSetting,
  names: AuthoritySetting['claims'],
): Caller {
  const sub = textOf(claims['sub']) ?? refuse('sub');
  const exp = numberOf(claims['exp']) ?? refuse('exp');
  const tenants = listOf(claims[names.tenant]).filter(isTenantId);
  const [tenant] = tenants;
  if (tenant === undefined) return refuse(names.tenant);
  const authTime = numberOf(claims['auth_time']);
  const isPerson = issuer.kind !== 'clients' && authTime !== null && !isClientCredentials(claims, sub);
  const principal: Principal = {
    iss: issuer.issuer,
    sub,
    kind: isPerson ? 'person' : 'client',
    tenant,
    name: textOf(claims[names.name]) ?? sub,
    scopes: scopesOf([...words(claims['scope']), ...words(claims['scp']), ...words(claims['roles'])]),
    grants: listOf(claims[names.grants]),
    actors: actorsOf(claims['act'], issuer.issuer),
    authTimeMs: isPerson ? authTime * 1_000 : null,
    acr: textOf(claims['acr']),
  };
  return { principal, tenants, expiresAt: exp * 1_000, bound: boundOf(claims, jws) };
}

/** The same caller, acting in the tenant that the request names. Throws `TENANT_MISMATCH`. */
export function withinTenant(caller: Caller, named: readonly (string | undefined)[]): Caller {
  const [wanted, ...others] = named.filter((name) => name !== undefined);
  if (wanted === undefined) return caller;
  const tenant = caller.tenants.find((one) => one === wanted);
  if (tenant === undefined || !isTenantId(tenant) || others.some((other) => other !== wanted)) {
    throw new ApiError('TENANT_MISMATCH', 'the tenant that the request names is none of the token');
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

/** RFC 8693 §4.1: nested, the current actor outermost. */
function actorsOf(act: unknown, iss: string): readonly Actor[] {
  const actors: Actor[] = [];
  for (let at = act; isRecord(at) && actors.length < 10; at = at['act']) {
    const sub = textOf(at['sub']);
    if (sub !== null) actors.push({ iss: textOf(at['iss']) ?? iss, sub, kind: 'client' });
  }
  return actors;
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

/** A bound token lives five minutes at most (gates.md §3). Throws `TOKEN_INVALID`. */
export function checkBoundLife(claims: Claims): void {
  const [iat, exp] = [numberOf(claims['iat']), numberOf(claims['exp'])];
  if (iat === null || exp === null || exp - iat > BOUND_SECONDS) refuse('iat');
}

function refuse(claim: string): never {
  throw new ApiError('TOKEN_INVALID', `the token lacks a usable claim ${claim}`);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return [...new Set(all.filter((one): one is string => typeof one === 'string' && one !== ''))];
}

function words(value: unknown): readonly string[] {
  return listOf(value).flatMap((text) => text.split(' '));
}
