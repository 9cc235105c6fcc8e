import { readFile } from 'node:fs/promises';
import type { Reader } from './check-configuration';
import { placeless } from './configuration-fault';
import type { Variables } from './environment-variables';
import { parseConfiguration, type ConfigurationReading } from './parse-configuration';

/** Default path of the configuration. */
export const DEFAULT_CONFIGURATION_PATH = '/etc/taskrunner/task-runner.yaml';

/** The file that would be read. */
export function configurationFileOf(path: string | undefined, env: Variables): string {
  return path ?? (env['TASKRUNNER_CONFIG'] || DEFAULT_CONFIGURATION_PATH);
}

/**
 * Reads the configuration: from `path`, else from the file that TASKRUNNER_CONFIG names, else from the default place, where it may
 * be missing: then all is default. A named file that cannot be read is `CONFIG_UNREADABLE`, and for a check also the one of the default place.
 */
export async function loadConfiguration(
  path: string | undefined,
  env: Variables,
  reader: Reader = 'anybody',
): Promise<ConfigurationReading> {
  const named = path ?? (env['TASKRUNNER_CONFIG'] || undefined);
  const source = configurationFileOf(path, env);
  try {
    return parseConfiguration(await readFile(source, 'utf8'), env, reader);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    if (named === undefined && code === 'ENOENT')
      return reader === 'check' ? absent(source) : parseConfiguration('', env, reader);
    return {
      kind: 'refused',
      faults: [placeless('CONFIG_UNREADABLE', '', `The file ${source} cannot be read (${code}).`)],
    };
  }
}

function absent(source: string): ConfigurationReading {
  const help = 'Pass the file, or set TASKRUNNER_CONFIG. To check only the environment variables, pass /dev/null.';
  return { kind: 'refused', faults: [placeless('CONFIG_UNREADABLE', '', `The file ${source} does not exist.`, help)] };
}
