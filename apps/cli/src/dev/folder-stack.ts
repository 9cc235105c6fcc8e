import { printConfiguration } from './dev-configuration';
import { signIn } from './dev-login';
import { makeKeys } from './key-ring';
import type { DevStack, DevStackOptions } from './dev-stack';
import { choosePorts } from './ports';
import { chooseSandbox } from './sandbox-choice';
import {
  allSettled,
  authorityArgs,
  closeAll,
  findScripts,
  MEMORY_RETURNS,
  processStarter,
  trustAuthority,
} from './stack-parts';
import { openStateDirectory, ownStateDirectory, replaceFile } from './state-directory';

/** Options of a stack that a person or a measurement starts. */
type FolderStackOptions = Pick<
  DevStackOptions,
  | 'stateDirectory'
  | 'temporary'
  | 'ports'
  | 'actors'
  | 'own'
  | 'configuration'
  | 'startTimeoutMs'
  | 'onProgress'
  | 'onLine'
  | 'onLost'
>;

/** A stack with its database in a folder. */
export type FolderStack = Pick<
  DevStack,
  'server' | 'issuer' | 'health' | 'trustPath' | 'stateDirectory' | 'sandbox' | 'tokenFor' | 'stop'
>;

/**
 * Starts the product on loopback with its database in a folder: the development Authority, and `taskrunner serve`. If this process is killed,
 * both end by themselves. Throws `DEV_ALREADY_RUNS` if another stack runs in the folder. A failed start leaves nothing behind.
 */
export async function startFolderStack(options: FolderStackOptions): Promise<FolderStack> {
  const { onProgress = () => undefined, own } = options;
  const directory = await openStateDirectory(options.stateDirectory, { storage: 'file' });
  const owner = await ownStateDirectory(directory);
  const closers: (() => Promise<void>)[] = [() => owner.release()];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= closeAll(closers, options.temporary ? directory.path : null));
  try {
    const scripts = findScripts();
    const ports = await choosePorts(directory, options.ports ?? {});
    const run = processStarter(directory, closers, options);
    onProgress('starting authority');
    const [keys, sandbox, authority] = await allSettled([
      makeKeys(directory.keys),
      chooseSandbox([directory.keys, directory.objects, directory.authority, directory.compiled]),
      run('authority', authorityArgs(scripts.authority, ports.authority, directory.authority)),
    ]);
    const facts = await trustAuthority(authority, keys, directory);
    await replaceFile(
      directory.configuration,
      printConfiguration({
        ...{ directory, ...facts, apiPort: ports.api, sandbox },
        database: { kind: 'file', folder: directory.storage },
        actors: options.actors ?? [],
        own: own?.settings ?? {},
        overrides: options.configuration ?? {},
      }),
    );
    onProgress('starting webservice and worker in one process');
    const services = await run('serve', [scripts.taskrunner, 'serve'], {
      ...{ ...own?.variables, ...MEMORY_RETURNS },
      ...{ TASKRUNNER_CONFIG: directory.configuration, TASKRUNNER_PARENT_WATCH: '1' },
    });
    const { url, health } = services.facts as { url: string; health: string };
    return {
      server: url,
      issuer: facts.issuer,
      health: { webservice: health, workers: [] },
      trustPath: directory.trust,
      stateDirectory: directory.path,
      sandbox,
      tokenFor: (login, actors = []) =>
        signIn(scripts.login, { issuer: facts.issuer, login, actors, authority: directory.authority }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
