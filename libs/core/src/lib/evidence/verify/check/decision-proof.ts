import { canonical } from '../../../canonical/canonical';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../foundation/json';
import { actChain } from '../../../foundation/act-chain';
import { sameSubject } from '../../../foundation/principal';
import { fromBase64 } from '../../encoding/base64';
import { PAYLOAD_TYPE, type DecisionRecord, type GateRequest } from '../../records/documents';
import { openEnvelope, type VerifySignature } from '../../encoding/open-envelope';
import { algorithmOf, jwkToSpki, rawToDer } from '../../encoding/public-key';
import { asJson } from '../../records/run-evidence';
import { parseStrictJson, parseUtf8, toUtf8 } from '../../encoding/strict-json';
import type { TrustedIssuer } from '../../encoding/trust';
import type { VerifyRequest } from './verification-session';
import { isProofEnough } from './gate-bounds';

/** Why the proof of a decision's person is insufficient; null if it is sufficient. */
export function proofObjection(verify: VerifyRequest, request: GateRequest, record: DecisionRecord): string | null {
  const { trust, verifySignature } = verify;
  const { kind } = record.proof;
  if (!isProofEnough(kind, trust.require.proof)) return `proof ${kind}, but ${trust.require.proof} is required`;
  if (!isProofEnough(kind, request.requirement.proof))
    return `proof ${kind}, but the gate required ${request.requirement.proof}`;
  switch (record.proof.kind) {
    case 'service':
      return null;
    case 'token': {
      const issuer = trust.issuers.find(({ iss, kind: of }) => iss === record.person.iss && of === 'people');
      if (!issuer) return 'its issuer is not trusted';
      return tokenObjection(record.proof.jws, issuer, record, verifySignature);
    }
    case 'key':
      return keyObjection(record.proof.envelope, verify, record);
  }
}

/** The person's own signature over exactly this decision. */
function keyObjection(
  envelope: Json,
  { trust, verifySignature }: VerifyRequest,
  record: DecisionRecord,
): string | null {
  const keys = trust.approvers
    .filter(({ iss, sub }) => iss === record.person.iss && sub === record.person.sub)
    .map(({ spki }) => ({ spki, algorithm: algorithmOf(spki), usages: ['ledger' as const] }));
  const { payload } = openEnvelope(envelope, PAYLOAD_TYPE.intent, 'ledger', { keys, verifySignature });
  const { gateDigest, decision, reason, response, onBehalfOf } = record;
  const intent = canonical(asJson({ gateDigest, decision, reason, response, onBehalfOf }));
  return parseUtf8(payload) === intent ? null : 'the person signed something else';
}

/** The issuer's token, bound to this gate (docs/guides/approvals.md, Proof of a decision): JWS compact serialisation, RFC 7515. */
function tokenObjection(
  jws: string,
  issuer: TrustedIssuer,
  record: DecisionRecord,
  verifySignature: VerifySignature,
): string | null {
  const [head = '', body = '', tail = '', ...more] = jws.split('.');
  const [header, claims, signature] = [jsonPart(head), jsonPart(body), fromBase64(tail)];
  if (more.length > 0 || !header || !claims || !signature) return 'not a token';
  if (header['crit'] !== undefined) return 'a token with critical extensions';
  const issuedAt = claims['iat'];
  const now = Date.parse(record.decidedAt);
  if (typeof issuedAt !== 'number' || !issuer.jwks.some((jwk) => signs(jwk, header, issuedAt)))
    return 'signed by no known key of its issuer';
  const text = toUtf8(`${head}.${body}`);
  if (!issuer.jwks.some((jwk) => signs(jwk, header, issuedAt) && holds(jwk, text, signature, verifySignature))) {
    return 'its signature is not valid';
  }
  const audiences = isJsonArray(claims['aud']) ? claims['aud'] : [claims['aud']];
  if (claims['iss'] !== record.person.iss || claims['sub'] !== record.person.sub) return 'the token of another person';
  if (!audiences.includes(issuer.audience)) return 'a token for another audience';
  if (typeof claims['exp'] !== 'number' || now >= claims['exp'] * 1_000 + LEEWAY_MS) return 'an expired token';
  if (issuedAt * 1_000 > now + LEEWAY_MS) return 'a token from the future';
  if (claims['auth_time'] !== Math.floor(Date.parse(record.authTime) / 1_000)) return 'another time of authentication';
  return actorsObjection(claims, record) ?? bindingObjection(claims, record);
}

/** The actors in the token equal those in the record, if the record names actors. */
function actorsObjection(claims: JsonObject, { person, actors }: DecisionRecord): string | null {
  if (actors === undefined) return null;
  const chain = actChain(claims['act'], person.iss);
  const isSame = chain?.length === actors.length && chain.every((one, at) => sameSubject(one, actors[at] ?? person));
  return isSame ? null : 'the token has other actors';
}

const LEEWAY_MS = 60_000;

function bindingObjection(claims: JsonObject, record: DecisionRecord): string | null {
  const bound: readonly (readonly [string, string, boolean])[] = [
    ['pack_run_id', record.runId, true],
    ['pack_gate_id', record.gate, true],
    ['pack_plan_hash', record.planHash, true],
    ['pack_gate_digest', record.gateDigest, record.bound === 'gate'],
    ['pack_decision', record.decision, false],
  ];
  for (const [claim, value, required] of bound) {
    const have = claims[claim];
    if (have === undefined && !required) continue;
    if (have !== value) return `a token bound to another ${claim}`;
  }
  return null;
}

function jsonPart(part: string): JsonObject | null {
  const bytes = fromBase64(part);
  if (!bytes) return null;
  const value = parseStrictJson(parseUtf8(bytes));
  return isJsonObject(value) ? value : null;
}

/** True if the key may have signed a token with this header at this time (seconds). */
function signs(jwk: JsonObject, header: JsonObject, issuedAt: number): boolean {
  const key = jwkToSpki(jwk);
  if (!key || header['alg'] !== key.alg) return false;
  if (header['kid'] !== undefined && jwk['kid'] !== undefined && header['kid'] !== jwk['kid']) return false;
  const span = jwk['validFor'];
  if (!isJsonObject(span)) return true;
  const { start, end } = span;
  return (
    typeof start === 'string' &&
    typeof end === 'string' &&
    issuedAt * 1_000 >= Date.parse(start) &&
    issuedAt * 1_000 <= Date.parse(end)
  );
}

function holds(jwk: JsonObject, text: Uint8Array, signature: Uint8Array, verifySignature: VerifySignature): boolean {
  const key = jwkToSpki(jwk);
  switch (key?.alg) {
    case 'EdDSA':
      return verifySignature(key.spki, 'ed25519', text, signature);
    case 'ES256': {
      const der = rawToDer(signature);
      return der !== null && verifySignature(key.spki, 'ecdsa-p256', text, der);
    }
    case 'RS256':
      return verifySignature(key.spki, 'rsa-sha256', text, signature);
    case undefined:
      return false;
  }
}
