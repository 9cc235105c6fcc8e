import { canonical } from '../../canonical/canonical';
import { digestOf } from '../../canonical/digest';
import { PAYLOAD_TYPE, type DecisionIntent, type DecisionRecord } from '../../evidence/records/documents';
import { EvidenceError } from '../../evidence/encoding/evidence-error';
import { openEnvelope, type VerifySignature } from '../../evidence/encoding/open-envelope';
import { algorithmOf } from '../../evidence/encoding/public-key';
import { parseUtf8 } from '../../evidence/encoding/strict-json';
import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { sameSubject, type Principal, type Subject } from '../../foundation/principal';
import { DecisionError } from './decision-error';

/** The binding of an issuer-signed token (docs/guides/approvals.md, Proof of a decision, RFC 9396). The token itself was verified before, like every token. */
export interface BoundToken {
  readonly jws: string;
  readonly jti: string;
  readonly runId: string;
  readonly gate: string;
  readonly planHash: string;
  readonly gateDigest: string | null;
  readonly decision: string | null;
}

/** Keys of people who sign their decisions. */
export interface ApproverKeys {
  readonly keys: readonly (Subject & { readonly spki: string })[];
  readonly verifySignature: VerifySignature;
}

/** What the token must be bound to. */
interface BoundTo {
  readonly runId: string;
  readonly gate: string;
  readonly planHash: Digest;
  readonly gateDigest: Digest;
  readonly decision: string;
  /** True if the client named the gate digest. The token must then name it too. */
  readonly named: boolean;
}

/** A bound token permits exactly the decision that it names. Throws `GATE_TOKEN_MISMATCH`. */
export function checkToken(token: BoundToken, to: BoundTo): void {
  const digestDiffers = token.gateDigest === null ? to.named : token.gateDigest !== to.gateDigest;
  const differs =
    token.runId !== to.runId ||
    token.gate !== to.gate ||
    token.planHash !== to.planHash ||
    digestDiffers ||
    (token.decision !== null && token.decision !== to.decision);
  if (differs) throw new DecisionError('GATE_TOKEN_MISMATCH', 'the token is bound to another decision');
}

/**
 * The strongest available proof: the person's own signature, the bound token, or the statement of this service. Throws
 * `GATE_TOKEN_MISMATCH`.
 */
export function proofOf(
  principal: Principal,
  intent: DecisionIntent,
  envelope: Json,
  token: BoundToken | null,
  { keys, verifySignature }: ApproverKeys,
): DecisionRecord['proof'] {
  if (envelope === null) return token === null ? { kind: 'service' } : { kind: 'token', jws: token.jws };
  const own = keys
    .filter((key) => sameSubject(key, principal))
    .map(({ spki }) => ({ spki, algorithm: algorithmOf(spki), usages: ['ledger' as const] }));
  try {
    const { payload } = openEnvelope(envelope, PAYLOAD_TYPE.intent, 'ledger', { keys: own, verifySignature });
    if (parseUtf8(payload) === canonical(intent as unknown as Json)) return { kind: 'key', envelope };
  } catch (error) {
    if (!EvidenceError.is(error)) throw error;
  }
  throw new DecisionError('GATE_TOKEN_MISMATCH', 'the signature is not a signature of this person over this decision');
}

/** True if both responses are equal, in any key order. */
export function sameResponse(a: Json, b: Json): boolean {
  return digestOf(a) === digestOf(b);
}
