import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SecretProvider, type ProvidedSecret } from '@taskrunner/core/ports';
import { SecretError } from '@taskrunner/core/secret';

/**
 * Secrets as files below one folder; `ref` is the path in it. A file must be regular, with mode 0600 or tighter (0640 if its group is this
 * process's own), and owned by this user or root. Symbolic links may point to places inside the folder (Kubernetes mounts secrets this
 * way), never outside.
 */
export class FileSecrets extends SecretProvider {
  private constructor(
    private readonly folder: string,
    private readonly maxBytes: number,
  ) {
    super();
  }

  /** `folder`: absolute. `maxBytes`: larger files are refused. */
  static of(folder: string, maxBytes: number): FileSecrets {
    return new FileSecrets(folder, maxBytes);
  }

  async read(ref: string): Promise<ProvidedSecret> {
    const path = await this.locate(ref);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (error: unknown) => {
        throw unavailable(ref, error);
      },
    );
    try {
      return { value: await this.readPrivate(ref, file), version: null };
    } finally {
      await file.close();
    }
  }

  /** Resolves the links of `ref` to a file inside the folder. */
  private async locate(ref: string): Promise<string> {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(ref))
      throw refused(ref, 'is not a path below the folder of secrets');
    try {
      const folder = await realpath(this.folder);
      const path = await realpath(join(folder, ref));
      if (path.startsWith(folder + sep)) return path;
    } catch (error) {
      throw unavailable(ref, error);
    }
    throw refused(ref, 'refers to a file outside the folder of secrets');
  }

  private async readPrivate(ref: string, file: FileHandle): Promise<Uint8Array> {
    const stat = await file.stat();
    const { mode, uid, gid, size } = stat;
    if (!stat.isFile()) throw refused(ref, 'is not a regular file');
    if ((mode & 0o037) !== 0 || ((mode & 0o040) !== 0 && gid !== process.getgid?.()))
      throw refused(ref, `has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: other users can read or change it`);
    if (uid !== 0 && uid !== process.getuid?.()) throw refused(ref, 'belongs to another user');
    if (size > this.maxBytes)
      throw new SecretError('SECRET_TOO_LARGE', `the secret ${ref} has more than ${this.maxBytes} bytes`);
    return new Uint8Array(await file.readFile());
  }
}

function refused(ref: string, why: string): SecretError {
  return new SecretError('SECRET_FILE_REFUSED', `the file of the secret ${JSON.stringify(ref)} ${why}`);
}

function unavailable(ref: string, cause: unknown): SecretError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new SecretError('SECRET_UNAVAILABLE', `the file of the secret ${JSON.stringify(ref)} cannot be read${code}`);
}
