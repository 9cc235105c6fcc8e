import type { AttemptCode } from '@taskrunner/core/egress';

/** Classification of a tunnel's first bytes: incomplete, a ClientHello with a host name, or a refusal with its reason. */
type HelloReading =
  | { readonly kind: 'partial' }
  | { readonly kind: 'read'; readonly sni: string }
  | { readonly kind: 'refused'; readonly code: AttemptCode; readonly sni: string | null };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** RFC 8446 §5.1. */
const MAX_RECORD = 2 ** 14;
const SERVER_NAME = 0;
/** encrypted_client_hello, and its earlier draft. */
const HIDDEN_NAME = [0xfe0d, 0xffce];
const INVALID: HelloReading = { kind: 'refused', code: 'EGRESS_TLS_INVALID', sni: null };
const PARTIAL: HelloReading = { kind: 'partial' };

/**
 * Reads the ClientHello (RFC 8446 §4.1.2) at the beginning of a stream. It reassembles TLS records, which may be split anywhere. Refuses
 * versions before TLS 1.0, a missing, repeated or invalid name, and an encrypted name.
 */
export function readClientHello(bytes: Uint8Array): HelloReading {
  const handshake: number[] = [];
  let at = 0;
  let size: number | null = null;
  while (size === null || handshake.length < size) {
    // The first bytes suffice to refuse data that is not TLS.
    if (at < bytes.length && bytes[at] !== HANDSHAKE) return INVALID;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return INVALID;
    if (at + 5 > bytes.length) return PARTIAL;
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
    if (length === 0 || length > MAX_RECORD) return INVALID;
    const record = bytes.subarray(at + 5, at + 5 + length);
    handshake.push(...record);
    if (handshake.length > 0 && handshake[0] !== CLIENT_HELLO) return INVALID;
    if (handshake.length >= 4)
      size = 4 + (((handshake[1] ?? 0) << 16) | ((handshake[2] ?? 0) << 8) | (handshake[3] ?? 0));
    if (size !== null && handshake.length > size) return INVALID;
    if (record.length < length) return size !== null && handshake.length >= size ? INVALID : PARTIAL;
    at += 5 + length;
  }
  // Before the server's response, only early data of TLS 1.3 may follow, and it has records of its own.
  return readHello(new Cursor(Uint8Array.from(handshake.slice(4))));
}

function readHello(hello: Cursor): HelloReading {
  try {
    hello.take(2 + 32);
    hello.block(1);
    hello.block(2);
    hello.block(1);
    if (hello.done) return { kind: 'refused', code: 'EGRESS_SNI_MISSING', sni: null };
    const extensions = hello.block(2);
    if (!hello.done) return INVALID;
    return readExtensions(extensions);
  } catch (error) {
    if (error instanceof RangeError) return INVALID;
    throw error;
  }
}

function readExtensions(extensions: Cursor): HelloReading {
  const seen = new Set<number>();
  let sni: string | null = null;
  while (!extensions.done) {
    const type = extensions.number(2);
    const body = extensions.block(2);
    // RFC 8446 §4.2 forbids repeated types. With two names, proxy and server could choose different hosts.
    if (seen.has(type)) return INVALID;
    seen.add(type);
    if (type === SERVER_NAME) sni = readName(body);
    if (type === SERVER_NAME && sni === null) return INVALID;
  }
  if (HIDDEN_NAME.some((type) => seen.has(type))) return { kind: 'refused', code: 'EGRESS_ECH', sni };
  return sni === null ? { kind: 'refused', code: 'EGRESS_SNI_MISSING', sni } : { kind: 'read', sni };
}

/** RFC 6066 §3: the name of a list with exactly one entry, of type host_name; null otherwise. */
function readName(body: Cursor): string | null {
  const list = body.block(2);
  if (!body.done || list.done || list.number(1) !== 0) return null;
  const name = Buffer.from(list.block(2).rest()).toString('latin1');
  return list.done && /^[\x21-\x7e]{1,253}$/.test(name) ? name.toLowerCase() : null;
}

/** A forward reader. Throws a RangeError at the end. */
class Cursor {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new RangeError('the message ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  number(length: number): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** The block after a length field of this size. */
  block(lengthBytes: number): Cursor {
    return new Cursor(this.take(this.number(lengthBytes)));
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }
}
