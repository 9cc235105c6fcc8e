import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PodmanCli } from './podman-cli';

/** podman reads a file with one variable per line and lines of at most 64 KiB. */
const LONGEST_LINE = 60_000;

/**
 * Passes the environment to a container. Values never appear on a command line, where others could read them. They are in a private file;
 * values that do not fit a line are passed as podman secrets, which exist during the start only.
 */
export class PodmanEnvironment {
  private constructor(
    private readonly cli: PodmanCli,
    private readonly folder: string,
    private readonly secrets: readonly { readonly id: string; readonly name: string }[],
  ) {}

  static async write(
    cli: PodmanCli,
    container: string,
    env: { readonly [name: string]: string },
  ): Promise<PodmanEnvironment> {
    const folder = await mkdtemp(join(tmpdir(), 'taskrunner-env-'));
    const secrets: { id: string; name: string }[] = [];
    const environment = new PodmanEnvironment(cli, folder, secrets);
    try {
      const lines: string[] = [];
      for (const [name, value] of Object.entries(env)) {
        if (!/[\r\n]/.test(value) && Buffer.byteLength(value) < LONGEST_LINE) lines.push(`${name}=${value}\n`);
        else {
          const id = `${container}-${secrets.length}`;
          const file = join(folder, String(secrets.length));
          await writeFile(file, value, { mode: 0o600, flag: 'wx' });
          secrets.push({ id, name });
          await cli.ask(['secret', 'create', '--replace', id, file]);
        }
      }
      await writeFile(environment.file, lines.join(''), { mode: 0o600, flag: 'wx' });
      return environment;
    } catch (error) {
      await environment.remove();
      throw error;
    }
  }

  get file(): string {
    return join(this.folder, 'env');
  }

  /** Additional arguments of `podman create`. */
  get arguments(): string[] {
    return this.secrets.flatMap(({ id, name }) => ['--secret', `${id},type=env,target=${name}`]);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    for (const { id } of this.secrets) await this.cli.call(['secret', 'rm', id]).catch(() => undefined);
  }
}
