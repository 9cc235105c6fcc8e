import { readFile } from 'node:fs/promises';
import { isForWebservice, type Reader } from './check-configuration';
import { checkKeySets } from './checks/check-key-sets';
import { placeless } from './configuration-fault';
import { warnOfConfiguration } from './warnings/configuration-warnings';
import type { Variables } from './environment-variables';
import { collectConfiguration, readingOf, type ConfigurationReading } from './parse-configuration';

/** Default path of the configuration. */
export const DEFAULT_CONFIGURATION_PATH = '/etc/taskrunner/task-runner.yaml';

/** The path of the file that would be read. */
export function configurationFileOf(path: string | undefined, env: Variables): string {
  return path ?? (env['TASKRUNNER_CONFIG'] || DEFAULT_CONFIGURATION_PATH);
}

/**
 * Reads the configuration from `path`, otherwise from the file that TASKRUNNER_CONFIG names, otherwise from the default path. A missing
 * file at the default path means that every key has its default. For a webservice and for a check of its file, the key sets of issuers are
 * read too. `CONFIG_UNREADABLE` if a named file cannot be read; for a check also if
 * the file at the default path cannot be read.
 */
export async function loadConfiguration(
  path: string | undefined,
  env: Variables,
  reader: Reader = 'anybody',
): Promise<ConfigurationReading> {
  const named = path ?? (env['TASKRUNNER_CONFIG'] || undefined);
  const source = configurationFileOf(path, env);
  try {
    return await withFiles(await readFile(source, 'utf8'), env, reader);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    if (named === undefined && code === 'ENOENT')
      return reader === 'check' ? absent(source) : withFiles('', env, reader);
    return {
      kind: 'refused',
      faults: [placeless('CONFIG_UNREADABLE', '', `The file ${source} cannot be read (${code}).`)],
    };
  }
}

/** The files that the configuration names are read as well, for the process that needs them. */
async function withFiles(text: string, env: Variables, reader: Reader): Promise<ConfigurationReading> {
  const collected = collectConfiguration(text, env, reader);
  const { configuration, notes } = collected;
  if (configuration !== undefined && isForWebservice(configuration, reader)) await checkKeySets(configuration, notes);
  if (configuration !== undefined && reader === 'check') await warnOfConfiguration(configuration, notes);
  return readingOf(collected);
}

function absent(source: string): ConfigurationReading {
  const help = 'Pass the file, or set TASKRUNNER_CONFIG. To check only the environment variables, pass /dev/null.';
  return { kind: 'refused', faults: [placeless('CONFIG_UNREADABLE', '', `The file ${source} does not exist.`, help)] };
}
