import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChildProcess, type ChildEnd } from './child-process';
import { DevError } from './dev-error';
import type { StateDirectory } from './state-directory';
import { DEV_BUILDER, writeTrustFile } from './trust-file';
import type { KeyRing } from './key-ring';

// What stacks have in common, whatever their database is.

/** The scripts of the processes, absolute. */
export interface Scripts {
  readonly authority: string;
  readonly login: string;
  readonly webservice: string;
  readonly worker: string;
  /** The command line, for `serve`. */
  readonly taskrunner: string;
}

/** Facts of a running Authority. */
interface AuthorityFacts {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
}

/** Starts processes of a stack and records how to stop them. */
interface ProcessStarter {
  (name: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ChildProcess>;
}

/** Processes of a stack write to its logs. `closers`: receives how to stop each. */
export function processStarter(
  directory: StateDirectory,
  closers: (() => Promise<void>)[],
  {
    startTimeoutMs,
    onProgress,
    onLine,
    onLost,
  }: {
    readonly startTimeoutMs?: number | undefined;
    readonly onProgress?: ((text: string) => void) | undefined;
    readonly onLine?: ((process: string, line: string) => void) | undefined;
    readonly onLost?: ((end: ChildEnd) => void) | undefined;
  },
): ProcessStarter {
  // Compiled code is cached across starts, in versions of Node.js that support it (22.1).
  const shared = { NODE_COMPILE_CACHE: directory.compiled, ...cleanEnvironment() };
  return async (name, args, env = {}) => {
    const logPath = join(directory.logs, `${name}.log`);
    const child = await ChildProcess.start({
      ...{ name, args, env: { ...shared, ...env }, logPath },
      ...{ readyMs: startTimeoutMs, onWait: onProgress },
      onLine: onLine && ((line: string) => onLine(name, line)),
    });
    closers.push(() => child.stop());
    void child.ended.then((end) => {
      if (!child.isStopping) onLost?.(end);
    });
    return child;
  };
}

/** Writes the trust file of a stack. Returns what its configuration needs of the Authority. */
export async function trustAuthority(
  authority: ChildProcess,
  keys: KeyRing,
  directory: StateDirectory,
): Promise<AuthorityFacts> {
  const { issuer, audience, jwksUri } = authority.facts as { issuer: string; audience: string; jwksUri: string };
  const { keys: jwks } = (await (await fetch(jwksUri)).json()) as { keys: readonly object[] };
  const population = { id: 'taskrunner-dev', population: 'dev', builder: DEV_BUILDER };
  await writeTrustFile(directory.trust, { ...population, keys, issuer, audience, jwks });
  return { issuer, audience, jwksUri };
}

/** Stops what was started, the last first. `folder`: deleted afterwards. Throws the first failure. */
export async function closeAll(closers: readonly (() => Promise<void>)[], folder: string | null): Promise<void> {
  const failures: unknown[] = [];
  for (const close of [...closers].reverse()) await close().catch((error: unknown) => failures.push(error));
  if (folder !== null) await rm(folder, { recursive: true, force: true });
  if (failures.length > 0) throw failures[0];
}

/** Like `Promise.all`, but waits for all promises even if one rejects, so that everything that has started can be stopped. */
export async function allSettled<T extends readonly unknown[]>(work: { [I in keyof T]: Promise<T[I]> }): Promise<T> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return ends.map((end) => (end as PromiseFulfilledResult<unknown>).value) as unknown as T;
}

/** Arguments of the development Authority. */
export function authorityArgs(script: string, port: number, state: string): readonly string[] {
  return [script, '--port', String(port), '--state', state, '--token-seconds', '3600', '--parent-watch'];
}

/**
 * Environment variables of a worker, as in its image (docker/worker.Dockerfile): freed buffers are returned to the system. Without them
 * glibc keeps memory that a log storm or a seal needed temporarily.
 */
export const MEMORY_RETURNS = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** The caller's environment variables without our own, which would override the configuration. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('TASKRUNNER_'));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The scripts of the repository of this file. */
export function findScripts(): Scripts {
  let root = __dirname;
  while (!existsSync(join(root, 'tools', 'dev-authority', 'main.mjs'))) {
    if (dirname(root) === root)
      throw new DevError(
        'DEV_START_FAILED',
        'the development Authority was not found',
        'Run this from a checkout of the repository.',
      );
    root = dirname(root);
  }
  return {
    authority: join(root, 'tools', 'dev-authority', 'main.mjs'),
    login: join(root, 'tools', 'dev-authority', 'login.mjs'),
    webservice: join(root, 'apps', 'webservice', 'dist', 'main.js'),
    worker: join(root, 'apps', 'worker', 'dist', 'main.js'),
    taskrunner: join(root, 'apps', 'cli', 'bin', 'taskrunner.js'),
  };
}
