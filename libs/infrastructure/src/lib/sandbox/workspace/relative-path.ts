import { refusal } from '../launch/sandbox-error';

/**
 * The components of a plain relative path. Throws `FILE_PATH_INVALID` for absolute paths, `.`, `..`, empty components, NUL and more than 4
 * 096 bytes.
 */
export function relativeParts(path: string): readonly string[] {
  const parts = path.split('/');
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255);
  if (!plain || path.includes('\0') || !path.isWellFormed() || Buffer.byteLength(path) > 4_096)
    throw refusal('FILE_PATH_INVALID', `not a plain relative path: ${JSON.stringify(path.slice(0, 200))}`);
  return parts;
}
