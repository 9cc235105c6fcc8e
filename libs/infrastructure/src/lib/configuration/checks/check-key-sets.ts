import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Configuration } from '../configuration';
import type { Notes } from '../configuration-fault';

/**
 * Reads the key sets of issuers that are files. A webservice reads such a file again later, but without a usable key in it, it would refuse
 * every request.
 */
export async function checkKeySets({ authority }: Configuration, notes: Notes): Promise<void> {
  for (const [index, { jwksFile }] of authority.issuers.entries()) {
    if (jwksFile === null) continue;
    const at = `/authority/issuers/${index}/jwksFile`;
    const reason = await readFile(jwksFile, 'utf8').then(reasonAgainst, unreadable);
    if (reason !== null) notes.fault('CONFIG_FILE', at, `The key set ${jwksFile} ${reason}.`);
  }
}

function unreadable(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return code === 'ENOENT' ? 'does not exist' : `cannot be read (${String(code)})`;
}

/** Why the text is no usable key set (RFC 7517 §5); null if it is one. */
export function reasonAgainst(text: string): string | null {
  let keys: unknown;
  try {
    ({ keys } = JSON.parse(text) as { readonly keys?: unknown });
  } catch {
    return 'is not a JSON Web Key Set: it is not a JSON object';
  }
  if (!Array.isArray(keys)) return 'is not a JSON Web Key Set: it has no list `keys`';
  if (keys.length === 0) return 'has no keys';
  return keys.some(isPublicKey) ? null : 'has no public key for signatures';
}

function isPublicKey(key: unknown): boolean {
  try {
    const { use } = key as { readonly use?: unknown };
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return use === undefined || use === 'sig';
  } catch {
    return false;
  }
}
