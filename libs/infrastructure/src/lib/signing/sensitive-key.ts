import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { canonical } from '@taskrunner/core/canonical';
import type { Digest, Json, TenantId } from '@taskrunner/core/foundation';
import { SensitiveInputs, type SensitivePlace } from '@taskrunner/core/ports';
import { readPrivateFile, writePrivateFile } from './private-file';
import { secretKeyId } from './secret-key-id';
import { refusal } from './signing-error';

const KEY = /^[0-9a-f]{64}$/;
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM (NIST SP 800-38D), with run id, name and plan hash as associated data. The format is one version byte, a 96-bit nonce, the
 * ciphertext, and a 128-bit tag. Two keys are derived from the file's key (RFC 5869): one for encryption, one for digests.
 */
export class SensitiveInputsKey extends SensitiveInputs {
  private readonly sealing: Uint8Array;
  private readonly digesting: Uint8Array;
  private readonly id: string;

  constructor(key: Uint8Array) {
    super();
    const derived = (use: string): Uint8Array => new Uint8Array(hkdfSync('sha256', key, '', `taskrunner ${use}`, 32));
    this.sealing = derived('sensitive-inputs.seal.v1');
    this.digesting = derived('sensitive-inputs.digest.v1');
    this.id = secretKeyId(key, 'sensitive-inputs');
  }

  override get keyid(): string {
    return this.id;
  }

  seal(place: SensitivePlace, text: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealing, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(place));
    const sealed = [cipher.update(text, 'utf8'), cipher.final()];
    return new Uint8Array(Buffer.concat([Buffer.of(FORMAT), nonce, ...sealed, cipher.getAuthTag()]));
  }

  open(place: SensitivePlace, sealed: Uint8Array): Json | null {
    if (sealed[0] !== FORMAT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) return null;
    const tagAt = sealed.length - TAG_BYTES;
    try {
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const cipher = createDecipheriv('aes-256-gcm', this.sealing, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associated(place));
      cipher.setAuthTag(sealed.subarray(tagAt));
      const text = Buffer.concat([cipher.update(sealed.subarray(1 + NONCE_BYTES, tagAt)), cipher.final()]).toString(
        'utf8',
      );
      return JSON.parse(text) as Json;
    } catch {
      // Authentication failed, so there is no value to return.
      return null;
    }
  }

  digest(tenant: TenantId, text: string): Digest {
    return `sha256:${createHmac('sha256', this.digesting).update(`${tenant}\n${text}`).digest('hex')}` as Digest;
  }
}

/** Creates a 256-bit key and writes it as hexadecimal digits, mode 0600. Refuses an existing file: `KEY_FILE_EXISTS`. */
export async function generateSensitiveInputsKeyFile(path: string): Promise<void> {
  await writePrivateFile(path, `${randomBytes(32).toString('hex')}\n`);
}

/** Reads the key. Throws like `loadKey`. */
export async function loadSensitiveInputsKey(path: string): Promise<SensitiveInputsKey> {
  const text = (await readPrivateFile(path)).trimEnd();
  if (!KEY.test(text)) throw refusal('KEY_FILE_INVALID', `${path} does not contain 64 hexadecimal digits`);
  return new SensitiveInputsKey(Buffer.from(text, 'hex'));
}

function associated({ runId, name, planHash }: SensitivePlace): Uint8Array {
  return new TextEncoder().encode(canonical({ runId, name, planHash }));
}
