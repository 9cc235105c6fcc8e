import { isRunId, type RunId } from '@taskrunner/core/foundation';
import {
  configurationFileOf,
  databaseUrlsOf,
  loadConfiguration,
  type Configuration,
} from '@taskrunner/infrastructure/configuration';
import type { Command } from 'commander';
import { CliError } from '../terminal/cli-error';
import { faultLines } from '../terminal/print-faults';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import type { Context } from './context';

/** `--config` of commands for operators. */
export const CONFIG = [
  '--config <file>',
  'configuration file of the services (default: TASKRUNNER_CONFIG, then the default path)',
] as const;

/** The configuration for operators. */
export interface Settings {
  readonly configuration: Configuration;
  readonly urls: Awaited<ReturnType<typeof databaseUrlsOf>>;
}

/** Reads it. Throws `CLI_CONFIG` if it is invalid, after its faults were printed. */
export async function settingsOf(supplied: string | undefined, { env, terminal }: Context): Promise<Settings> {
  const reading = await loadConfiguration(supplied, env);
  if (reading.kind === 'read') {
    const { configuration } = reading;
    return { configuration, urls: await databaseUrlsOf(configuration) };
  }
  const file = configurationFileOf(supplied, env);
  for (const line of faultLines(reading.faults, file)) terminal.say(line);
  throw new CliError('CLI_CONFIG', `${file} is not valid`, 'Correct it. `taskrunner config check` lists all errors.');
}

/** Connection settings of a role. Throws `CLI_CONFIG` if it is not configured. */
export function urlOf(role: 'owner' | 'maintain', urls: Settings['urls']): string {
  const url = urls[`${role}Url`];
  if (url !== undefined) return url;
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
