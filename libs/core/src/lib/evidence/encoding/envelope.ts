import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../../foundation/json';
import { fromBase64, toBase64 } from './base64';
import { EvidenceError } from './evidence-error';

/** What a key may sign (docs/guides/evidence-and-verification.md, Signers). An envelope of one usage is refused where another usage is expected. */
export type KeyUsage =
  | 'admission'
  /** Decisions, resolutions, delegations. */
  | 'ledger'
  | 'run-open'
  | 'run-sealed'
  | 'bundle'
  | 'checkpoint'
  /** Publishers of packs. */
  | 'pack'
  /** Verification summaries. */
  | 'summary';

/** DSSE v1.0.2 envelope, with exactly one signature. */
export interface Envelope {
  /** Standard base64 of the payload's bytes. */
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** A decoded envelope. The verified bytes and the bytes that are read are the same. */
export interface DecodedEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** Of the payload. */
  readonly digest: Digest;
  readonly signature: Uint8Array;
  /** A hint; no decision depends on it. */
  readonly keyid: string;
}

/** DSSE v1.0.2 pre-authentication encoding: the bytes that are signed. Lengths are in bytes. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  const type = encoder.encode(payloadType);
  const head = encoder.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const whole = new Uint8Array(head.length + payload.length);
  whole.set(head);
  whole.set(payload, head.length);
  return whole;
}

/**
 * The envelope of a payload and its signature over `preAuthEncoding`. Nobody may change their bytes afterwards: what was sealed here is not
 * decoded from its base64.
 */
export function sealEnvelope(payloadType: string, payload: Uint8Array, signature: Uint8Array, keyid = ''): Envelope {
  const envelope = { payload: toBase64(payload), payloadType, signatures: [{ keyid, sig: toBase64(signature) }] };
  remember(envelope, { payloadType, payload, signature, keyid }, true);
  return envelope;
}

/** What is known of an envelope, with the texts that it has been decoded from. */
interface KnownEnvelope {
  readonly payload: string;
  readonly sig: string;
  readonly of: DecodedEnvelope;
  /** True: this process has sealed it, so that it has no further members and standard base64. */
  readonly isSealedHere: boolean;
}

const KNOWN = new WeakMap<object, KnownEnvelope>();

class KnownParts implements DecodedEnvelope {
  private computed: Digest | null = null;

  constructor(
    readonly payloadType: string,
    readonly payload: Uint8Array,
    readonly signature: Uint8Array,
    readonly keyid: string,
  ) {}

  /** Most readers do without. */
  get digest(): Digest {
    return (this.computed ??= sha256(this.payload));
  }
}

function remember(envelope: Envelope, parts: Omit<DecodedEnvelope, 'digest'>, isSealedHere: boolean): DecodedEnvelope {
  const of = new KnownParts(parts.payloadType, parts.payload, parts.signature, parts.keyid);
  KNOWN.set(envelope, { payload: envelope.payload, sig: envelope.signatures[0]?.sig ?? '', of, isSealedHere });
  return of;
}

/** The envelope of the same signature with this hint. Its base64 is standard, and it has no further members. Throws as `decodeEnvelope`. */
export function withKeyid(envelope: Envelope, keyid: string): Envelope {
  const of = decodeEnvelope(envelope);
  const known = KNOWN.get(envelope);
  if (known?.isSealedHere === true && known.of === of && of.keyid === keyid) return envelope;
  return sealEnvelope(of.payloadType, of.payload, of.signature, keyid);
}

/**
 * Takes an envelope apart. Members that DSSE does not know are ignored, an absent keyid is an empty one, either base64 is
 * read. An envelope is decoded once, and again if it has been changed since: nobody may change the bytes. Throws `ENVELOPE_MALFORMED`,
 * or `ENVELOPE_SIGNATURES` unless there is exactly one signature.
 */
export function decodeEnvelope(envelope: Json | Envelope): DecodedEnvelope {
  const value = envelope as Json;
  if (!isJsonObject(value)) return malformed('not an object');
  const { payload, payloadType, signatures } = value;
  if (typeof payload !== 'string' || typeof payloadType !== 'string') return malformed('payload or payloadType');
  // Some implementations measure a type outside ASCII in characters, others in bytes.
  if (!/^[\x21-\x7e]+$/.test(payloadType)) return malformed('payloadType is not ASCII');
  if (!isJsonArray(signatures)) return malformed('signatures');
  if (signatures.length !== 1) {
    throw new EvidenceError('ENVELOPE_SIGNATURES', `${signatures.length} signatures`, 'Sign an envelope exactly once.');
  }
  const only = signatures[0];
  if (!isJsonObject(only) || typeof only['sig'] !== 'string') return malformed('signature');
  const keyid = only['keyid'] ?? '';
  if (typeof keyid !== 'string') return malformed('keyid');
  const known = KNOWN.get(value);
  if (
    known?.of.payloadType === payloadType &&
    known.of.keyid === keyid &&
    known.payload === payload &&
    known.sig === only['sig'] &&
    known.of.signature.length > 0
  )
    return known.of;
  const bytes = fromBase64(payload);
  const signature = fromBase64(only['sig']);
  if (!bytes || !signature || signature.length === 0) return malformed('base64');
  return remember(value as unknown as Envelope, { payloadType, payload: bytes, signature, keyid }, false);
}

function malformed(what: string): never {
  throw new EvidenceError('ENVELOPE_MALFORMED', `not a DSSE envelope: ${what}`, 'Use a DSSE v1.0.2 envelope.');
}
