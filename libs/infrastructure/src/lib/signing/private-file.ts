import { open, type FileHandle } from 'node:fs/promises';
import { refusal } from './signing-error';

/** Maximum size of a key file, bytes. A larger file is not a key. */
const MAX_BYTES = 16 * 1024;

/** Writes a new file that only its owner can read (mode 0600), durably. An existing file is never replaced: `KEY_FILE_EXISTS`. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw hasCode(error, 'EEXIST') ? refusal('KEY_FILE_EXISTS', `${path} already exists`, error) : error;
  });
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads a file after checking that it is private: mode 0600 or tighter, owned by this user or by root. */
export async function readPrivateFile(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw hasCode(error, 'ENOENT') ? refusal('KEY_FILE_MISSING', `${path} does not exist`, error) : error;
  });
  try {
    return await readPrivate(path, file);
  } finally {
    await file.close();
  }
}

async function readPrivate(path: string, file: FileHandle): Promise<string> {
  const { mode, uid, size } = await file.stat();
  if ((mode & 0o077) !== 0)
    throw refusal(
      'KEY_FILE_MODE',
      `${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: other users can access it`,
    );
  if (uid !== 0 && uid !== process.getuid?.()) throw refusal('KEY_FILE_MODE', `${path} belongs to another user`);
  if (size > MAX_BYTES) throw refusal('KEY_FILE_INVALID', `${path} is too large for a key`);
  return file.readFile('utf8');
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
