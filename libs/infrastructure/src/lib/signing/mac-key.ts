import { createHmac, createSecretKey, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import { readPrivateFile, writePrivateFile } from './private-file';
import { secretKeyId } from './secret-key-id';
import { refusal } from './signing-error';

const KEY = /^[0-9a-f]{64}$/;

/** HMAC-SHA-256 with the journal's key. Write access to the database without this key is not sufficient to write a page. */
export class MacKey {
  /** Identifies the key. It does not help to guess the key. */
  readonly keyid: string;

  constructor(private readonly key: KeyObject) {
    this.keyid = secretKeyId(key, 'journal-mac');
  }

  /** 64 lower-case hexadecimal digits. */
  mac(data: string | Uint8Array): string {
    return createHmac('sha256', this.key).update(data).digest('hex');
  }

  /** True if `mac` is the MAC of `data`. The comparison takes constant time. */
  check(data: string | Uint8Array, mac: string): boolean {
    const expected = new TextEncoder().encode(this.mac(data));
    const supplied = new TextEncoder().encode(mac);
    return expected.length === supplied.length && timingSafeEqual(expected, supplied);
  }
}

/** Creates a 256-bit key and writes it as hexadecimal digits, mode 0600. Refuses an existing file: `KEY_FILE_EXISTS`. */
export async function generateMacKeyFile(path: string): Promise<MacKey> {
  const key = randomBytes(32).toString('hex');
  await writePrivateFile(path, `${key}\n`);
  return new MacKey(createSecretKey(key, 'hex'));
}

/** Reads a MAC key. Throws like `loadKey`. */
export async function loadMacKey(path: string): Promise<MacKey> {
  const text = (await readPrivateFile(path)).trimEnd();
  if (!KEY.test(text)) throw refusal('KEY_FILE_INVALID', `${path} does not contain 64 hexadecimal digits`);
  return new MacKey(createSecretKey(text, 'hex'));
}
