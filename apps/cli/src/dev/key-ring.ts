import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  generateKeyFile,
  generateMacKeyFile,
  generateSensitiveInputsKeyFile,
  loadKey,
  type SigningKey,
} from '@taskrunner/infrastructure/signing';

/** A signing key of the stack with its creation time. */
export interface DatedKey {
  readonly key: SigningKey;
  readonly since: Date;
}

/** The signing keys of the stack, by usage. */
export interface KeyRing {
  readonly admission: DatedKey;
  readonly ledger: DatedKey;
  readonly checkpoint: DatedKey;
  readonly runOpen: DatedKey;
  readonly runSealed: DatedKey;
  readonly bundle: DatedKey;
}

/** Creates missing keys: private keys, public halves for the worker, the journal's key. An existing key is never replaced. */
export async function makeKeys(folder: string): Promise<KeyRing> {
  const ring: KeyRing = {
    admission: await ensureKey(folder, 'admission', true),
    ledger: await ensureKey(folder, 'ledger', true),
    checkpoint: await ensureKey(folder, 'checkpoint', false),
    runOpen: await ensureKey(folder, 'run-open', false),
    runSealed: await ensureKey(folder, 'run-sealed', false),
    bundle: await ensureKey(folder, 'bundle', false),
  };
  const mac = join(folder, 'journal-mac.key');
  if (!existsSync(mac)) await generateMacKeyFile(mac);
  const sensitive = join(folder, 'sensitive-inputs.key');
  if (!existsSync(sensitive)) await generateSensitiveInputsKeyFile(sensitive);
  return ring;
}

async function ensureKey(folder: string, name: string, isPublished: boolean): Promise<DatedKey> {
  const path = join(folder, `${name}.pem`);
  const key = existsSync(path) ? await loadKey(path) : await generateKeyFile(path);
  if (isPublished) await writeFile(join(folder, `${name}.pub.pem`), key.publicKeyPem, { mode: 0o644 });
  return { key, since: (await stat(path)).mtime };
}
