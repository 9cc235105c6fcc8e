import { readFile } from 'node:fs/promises';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import type { IssuerSetting } from '../configuration';
import type { IssuerKey } from './issuer-keys';

const TIMEOUT_MS = 5_000;

/** Fetches an issuer's key set from its configured address or file, never from an address in a token. */
export function jwksOf({ jwksUri, jwksFile }: IssuerSetting): () => Promise<readonly IssuerKey[]> {
  const client = new JwksClient({
    jwksUri: jwksUri ?? `file:${jwksFile ?? ''}`,
    cache: false,
    timeout: TIMEOUT_MS,
    ...(jwksFile === null
      ? {}
      : { fetcher: async () => JSON.parse(await readFile(jwksFile, 'utf8')) as { keys: SigningKey[] } }),
  });
  return async () => {
    const keys = await client.getSigningKeys();
    return keys.map((key) => ({ kid: key.kid ?? null, pem: key.getPublicKey() }));
  };
}
