import { PAYLOAD_TYPE, type Envelope } from '@taskrunner/core/evidence';
import { toRunId, type Digest, type RunId } from '@taskrunner/core/foundation';
import { toDigest } from './digest-bytes';

/** What an admission record has that its row has in columns of their own. */
export interface AdmittedRow {
  readonly runId: RunId;
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly contentDigest: Digest;
  readonly sourceDigest: Digest;
}

/** An admission's envelope as its row stores it. */
interface PackedAdmission {
  /** The payload, in which control characters stand for what the row has and for texts that most records have. */
  readonly admitted: string;
  /** 32 bytes of the key id, 16 of the nonce if its character is in `admitted`, and the signature. */
  readonly signed: Buffer;
}

/** Compact payloads of more characters are stored as they are. The view reads none of more. */
export const MOST_CHARACTERS = 8192;

const KEY_ID = 'SHA256:';
const DIGEST_BYTES = 32;
const KEY_ID_BYTES = 32;
const NONCE_BYTES = 16;
/** Of base64 without padding. */
const KEY_ID_CHARACTERS = 43;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f]/;
// eslint-disable-next-line no-control-regex
const NONCE_BETWEEN = /\u000e([0-9a-f]{32})\u000f/;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0001-\u001f]/g;

/** Control characters of the digests. Canonical JSON (RFC 8785) has no control character, so that a character has no second meaning. */
const DIGESTS = [
  ['\u0001', 'planHash'],
  ['\u0002', 'profileDigest'],
  ['\u0003', 'contentDigest'],
  ['\u0004', 'sourceDigest'],
] as const satisfies readonly (readonly [string, keyof AdmittedRow])[];

const RUN = '\u0013';
const NONCE = '\u0014';

/**
 * Control characters of texts, which may have characters of digests, in the order in which a record has them. A released pair never changes,
 * because rows have it. The function `pack_runs.admitted_payload` of the database has the same list.
 */
export const TEXTS: readonly (readonly [character: string, text: string])[] = [
  ['\u0005', '{"acceptedAt":"'],
  ['\u0006', 'Z","initiators":[{"iss":"'],
  ['\u0007', '","kind":"person","sub":"'],
  ['\u000e', '"}],"nonce":"'],
  ['\u000f', '","pack":{"contentDigest":"\u0003","name":"'],
  ['\u0010', '","signers":[],"sourceDigest":"\u0004","version":"'],
  ['\u0011', '"},"planHash":"\u0001","profileDigest":"\u0002","rerunOf":null,"runId":"'],
  ['\u0012', '","scheduleId":null,"schema":"taskrunner.admission.v1","tenant":"'],
];

/**
 * The columns of an envelope: a quarter of its bytes. Null if it is not one that this process signs (one signature, a key id of 32 bytes, a
 * payload of a bounded size): it is then stored as it is.
 */
export function packedAdmission(envelope: Envelope, row: AdmittedRow): PackedAdmission | null {
  const { payload, payloadType, signatures, ...others } = envelope;
  const [signature, ...further] = signatures;
  if (payloadType !== PAYLOAD_TYPE.admission || signature === undefined) return null;
  if (further.length > 0 || Object.keys(others).length > 0) return null;
  const text = Buffer.from(payload, 'base64').toString();
  const keyId = Buffer.from(signature.keyid.slice(KEY_ID.length), 'base64');
  const short = shortened(text, row);
  const nonce = NONCE_BETWEEN.exec(short)?.[1] ?? '';
  const packed = {
    admitted: nonce === '' ? short : short.replace(nonce, NONCE),
    signed: Buffer.concat([keyId, Buffer.from(nonce, 'hex'), Buffer.from(signature.sig, 'base64')]),
  };
  if (keyId.length !== KEY_ID_BYTES || CONTROL.test(text) || packed.admitted.length > MOST_CHARACTERS) return null;
  // Other bytes than those of a text, and other spellings of base64, are not what the columns give back.
  const isSame =
    base64Of(text) === payload && keyIdOf(packed) === signature.keyid && signatureOf(packed) === signature.sig;
  return isSame ? packed : null;
}

/** The envelope of the columns. */
export function unpackedAdmission(packed: PackedAdmission, row: AdmittedRow): Envelope {
  const spelled = spelledTexts(row);
  const text = packed.admitted.replace(CONTROLS, (character) => {
    if (character === RUN) return row.runId;
    if (character === NONCE) return packed.signed.toString('hex', KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES);
    return spelled.get(character) ?? character;
  });
  return {
    payload: base64Of(text),
    payloadType: PAYLOAD_TYPE.admission,
    signatures: [{ keyid: keyIdOf(packed), sig: signatureOf(packed) }],
  };
}

/** A payload with characters for what it has of `TEXTS`, and for digests elsewhere. */
function shortened(text: string, row: AdmittedRow): string {
  const spelled = spelledTexts(row);
  let short = '';
  let read = 0;
  for (const [character] of TEXTS) {
    const known = spelled.get(character) ?? '';
    const at = text.indexOf(known, read);
    if (at === -1) continue;
    short += text.slice(read, at) + character;
    read = at + known.length;
  }
  short = (short + text.slice(read)).replace(row.runId, RUN);
  if (!short.includes('sha256:')) return short;
  for (const [character, name] of DIGESTS) short = short.replaceAll(row[name], character);
  return short;
}

/** The texts by their characters, with these digests. Those of the last digests are cached, because runs of one pack have the same. */
function spelledTexts(digests: AdmittedRow): ReadonlyMap<string, string> {
  if (DIGESTS.every(([, name]) => last.digests?.[name] === digests[name])) return last.texts;
  const texts = new Map<string, string>(DIGESTS.map(([character, name]) => [character, digests[name]]));
  for (const [character, text] of TEXTS)
    texts.set(
      character,
      text.replace(CONTROLS, (digest) => texts.get(digest) ?? ''),
    );
  last = { digests, texts };
  return texts;
}

let last: { readonly digests: AdmittedRow | null; readonly texts: ReadonlyMap<string, string> } = {
  digests: null,
  texts: new Map(),
};

function base64Of(text: string): string {
  return Buffer.from(text).toString('base64');
}

function keyIdOf({ signed }: PackedAdmission): string {
  return KEY_ID + signed.toString('base64', 0, KEY_ID_BYTES).slice(0, KEY_ID_CHARACTERS);
}

function signatureOf({ admitted, signed }: PackedAdmission): string {
  return signed.toString('base64', KEY_ID_BYTES + (admitted.includes(NONCE) ? NONCE_BYTES : 0));
}

/** A row whose admission is stored as it is (`admission`), or packed. */
interface AdmissionCells {
  readonly run_id: string;
  readonly admission: Envelope | null;
  readonly admitted?: string | null;
  readonly signed?: Buffer | null;
  /** The four digests, 32 bytes each, in the order of their characters. Columns of a digest that somebody has altered may say something else. */
  readonly admitted_digests?: Buffer | null;
}

/** The envelope of a row. A row that somebody has altered has another one, or null, which no reader accepts. */
export function storedAdmission(row: AdmissionCells): Envelope {
  const { admission, admitted, signed, admitted_digests: bytes } = row;
  if (admission !== null || admitted == null || signed == null || bytes == null) return admission as Envelope;
  const [planHash, profileDigest, contentDigest, sourceDigest] = DIGESTS.map((_, place) =>
    toDigest(bytes.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES)),
  ) as [Digest, Digest, Digest, Digest];
  return unpackedAdmission(
    { admitted, signed },
    { runId: toRunId(row.run_id), planHash, profileDigest, contentDigest, sourceDigest },
  );
}
