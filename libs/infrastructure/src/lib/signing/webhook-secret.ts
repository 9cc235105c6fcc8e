import { readPrivateFile } from './private-file';
import { refusal } from './signing-error';

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/**
 * Reads the signing secret of a webhook: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks), in a private file. Throws like
 * `loadKey`.
 */
export async function loadWebhookSecret(path: string): Promise<string> {
  const text = (await readPrivateFile(path)).trim();
  const bytes = Buffer.from(SECRET.exec(text)?.[1] ?? '', 'base64').length;
  if (bytes < 24 || bytes > 64)
    throw refusal('KEY_FILE_INVALID', `${path} does not contain whsec_ followed by 24 to 64 bytes in base64`);
  return text;
}
