import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Digest } from '@taskrunner/core/foundation';

const run = promisify(execFile);
const PROGRAMS = ['sh', 'cat', 'cp', 'id', 'ls', 'mkdir', 'seq', 'sleep', 'printenv', 'touch'];

/** A container image that is built from programs of this machine, without a registry. */
export interface TinyImage {
  readonly name: string;
  readonly digest: Digest;
  remove(): Promise<void>;
}

/** Environment of podman in tests. */
export const PODMAN_ENVIRONMENT = { ...process.env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };

/** Builds an image with the entry point `sh -c`; another `mark` yields another image. */
export async function makeTinyImage(mark = ''): Promise<TinyImage> {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    for (const path of ['usr/bin', 'tmp', 'task', 'proc', 'dev', 'sys', 'run', 'etc', 'mark'])
      await mkdir(join(folder, path), { recursive: true });
    for (const program of PROGRAMS) await copyWithLibraries((await run('which', [program])).stdout.trim(), folder);
    if (mark !== '') await mkdir(join(folder, 'mark', mark));
    const name = `localhost/taskrunner-test-${randomBytes(6).toString('hex')}`;
    const tar = join(folder, '../', `${basename(folder)}.tar`);
    await run('tar', ['-C', folder, '--owner=0', '--group=0', '-cf', tar, '.']);
    const changes = ['ENV PATH=/usr/bin', 'ENV LANG=of-the-image', 'ENTRYPOINT ["/usr/bin/sh","-c"]'];
    await podman('import', '-q', ...changes.flatMap((one) => ['--change', one]), tar, name);
    await rm(tar);
    const digest = (await podman('image', 'inspect', '--format', '{{.Digest}}', name)) as Digest;
    return { name, digest, remove: async () => void (await podman('rmi', '-f', name)) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Calls podman directly, for setup and checks. */
export async function podman(...args: readonly string[]): Promise<string> {
  return (await run('podman', [...args], { env: PODMAN_ENVIRONMENT })).stdout.trim();
}

/** Reason why podman cannot run a container here; null if it can. */
export async function podmanFault(runtime: string): Promise<string | null> {
  try {
    await run(runtime, ['--version']);
    await podman('info', '--format', '{{.Version.Version}}');
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

async function copyWithLibraries(program: string, folder: string): Promise<void> {
  await cp(await realpath(program), join(folder, 'usr/bin', basename(program)));
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
  for (const [library] of stdout.matchAll(/\/[^ )\n]+/g)) {
    const target = join(folder, library);
    await mkdir(dirname(target), { recursive: true });
    await cp(await realpath(library), target);
  }
}
