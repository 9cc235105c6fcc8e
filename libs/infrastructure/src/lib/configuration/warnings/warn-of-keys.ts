import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fingerprint } from '@taskrunner/core/evidence';
import type { Configuration } from '../configuration';
import type { Warn } from '../configuration-fault';
import { keyPathsOf } from '../key-paths';

/** Keys of the configuration that sign, by the name of the key. */
const SIGNING = ['admission', 'ledger', 'runOpen', 'runSealed', 'bundle', 'checkpoint'] as const;
type Signing = (typeof SIGNING)[number];

/** A key file that was read. */
interface HeldKey {
  readonly path: string;
  readonly keyid: string;
}

/**
 * Warns of key files that are not for the use that the configuration gives them: one key with two uses, and public keys without that of the
 * private key. A trust file has each key for one use, so evidence that is signed with another one fails verification, and workers refuse runs
 * whose admission they cannot verify. Files that cannot be read are left to the service that needs them.
 */
export async function warnOfKeys(configuration: Configuration, warn: Warn): Promise<void> {
  const paths = keyPathsOf(configuration);
  const pathOf = (name: Signing): string => (name === 'checkpoint' ? paths.checkpoint.path : paths[name]);
  const found = await Promise.all(
    SIGNING.map(
      async (name) => [name, await held(pathOf(name), (pem) => createPublicKey(createPrivateKey(pem)))] as const,
    ),
  );
  const keys = new Map<Signing, HeldKey>();
  for (const [name, key] of found) {
    if (key === null) continue;
    const [other] = [...keys].find(([, { keyid }]) => keyid === key.keyid) ?? [];
    if (other !== undefined)
      warn(
        'CONFIG_KEY_USE',
        `/keys/${name}`,
        `keys.${name} (${key.path}) is the same key as keys.${other}. A trust file has each key for one use.`,
        `Correct the path, or generate a key for keys.${name}.`,
      );
    keys.set(name, key);
  }
  for (const [name, list] of [
    ['admission', paths.admissionPublic],
    ['ledger', paths.ledgerPublic],
  ] as const) {
    const own = keys.get(name);
    const listed = await Promise.all(list.map((path) => held(path, createPublicKey)));
    // A list with a file that cannot be read may have it there.
    if (own === undefined || listed.includes(null) || listed.some((one) => one?.keyid === own.keyid)) continue;
    warn(
      'CONFIG_KEY_USE',
      `/keys/${name}Public`,
      `The public half of keys.${name} (${own.path}) is not in ${list.join(', ')}, so workers refuse what it signs.`,
      `Write it there with \`openssl pkey -in ${own.path} -pubout\`, or correct the paths.`,
    );
  }
}

async function held(path: string, publicHalf: (pem: string) => KeyObject): Promise<HeldKey | null> {
  try {
    const spki = publicHalf(await readFile(path, 'utf8')).export({ type: 'spki', format: 'der' });
    return { path, keyid: fingerprint(spki.toString('base64')) };
  } catch {
    return null;
  }
}
