import { isRunId, type RunId } from '@taskrunner/core/foundation';
import {
  configurationFileOf,
  databaseUrlOf,
  loadConfiguration,
  type Configuration,
} from '@taskrunner/infrastructure/configuration';
import { openFolderDatabase } from '@taskrunner/infrastructure/file-storage';
import type { Command } from 'commander';
import { CliError } from '../../terminal/cli-error';
import { faultLines } from '../../terminal/print-faults';
import { safeLine } from '../../terminal/safe-text';
import type { Terminal } from '../../terminal/terminal';
import type { Context } from '../context';
import { refuseSpecialFile } from '../../files/special-file';

/** `--config` of commands for operators. */
export const CONFIG = [
  '--config <file>',
  'configuration file of the services (default: TASKRUNNER_CONFIG, then the default path)',
] as const;

/** Reads the configuration for operators, or for a webservice. Throws `CLI_CONFIG` if it is invalid, after its faults were printed. */
export async function settingsOf(
  supplied: string | undefined,
  { env, terminal }: Pick<Context, 'env' | 'terminal'>,
  reader: 'anybody' | 'webservice' = 'anybody',
): Promise<Configuration> {
  const file = configurationFileOf(supplied, env);
  refuseSpecialFile(file);
  const reading = await loadConfiguration(supplied, env, reader);
  if (reading.kind === 'read') return reading.configuration;
  for (const line of faultLines(reading.faults, file)) terminal.say(line);
  throw new CliError('CLI_CONFIG', `${file} is not valid`, 'Correct it. `taskrunner config check` lists all errors.');
}

/**
 * Does work with the connection URL of a role. A database in a folder is opened before and closed after it, so the services must be stopped.
 * `creates`: a folder without a database gets one. Otherwise it is refused (`STORAGE_FOREIGN`), because its path may be mistyped. Throws `CLI_CONFIG` if the role is not configured, `DB_PASSWORD_FILE` if its file cannot be read, and `STORAGE_HELD` if a service uses the
 * folder.
 */
export async function inRole<Result>(
  role: 'owner' | 'maintain',
  configuration: Configuration,
  work: (url: string) => Promise<Result>,
  { creates = false }: { readonly creates?: boolean } = {},
): Promise<Result> {
  const { kind, folder } = configuration.database;
  if (kind === 'postgres' || folder === null) return work(await urlOf(role, configuration));
  const database = await openFolderDatabase(folder, { mustExist: !creates });
  try {
    return await work(database.urls[`${role}Url`]);
  } finally {
    await database.close();
  }
}

/** Only the password file of this role is read. */
async function urlOf(role: 'owner' | 'maintain', configuration: Configuration): Promise<string> {
  const url = await databaseUrlOf(configuration, role);
  if (url !== null) return url;
  throw new CliError(
    'CLI_CONFIG',
    `no connection is configured for taskrunner_${role}`,
    `Set database.host and database.${role}PasswordFile, or database.${role}Url.`,
  );
}

/** Prints what a command waits for. */
export function sayWaiting(terminal: Terminal): (what: string) => void {
  return (what) => terminal.say(safeLine(`waiting for ${what}`));
}

/** `--config` of a command or of `maintain`, which accepts it in any position. */
export function configOf(command: Command): string | undefined {
  return command.optsWithGlobals<{ readonly config?: string }>().config;
}

/** A run id. Throws `CLI_USAGE`. */
export function runOf(text: string): RunId {
  if (isRunId(text)) return text;
  throw new CliError('CLI_USAGE', `${text} is not a run id`, 'Use the id that `taskrunner run` printed.');
}
