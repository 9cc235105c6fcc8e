import { isRunId, type RunId } from '@taskrunner/core/foundation';
import {
  configurationFileOf,
  databaseUrlOf,
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

/** What is configured for operators. Throws `CLI_CONFIG` if it is not valid; its faults are said before. */
export async function settingsOf(supplied: string | undefined, { env, terminal }: Context): Promise<Configuration> {
  const reading = await loadConfiguration(supplied, env);
  if (reading.kind === 'read') return reading.configuration;
  const file = configurationFileOf(supplied, env);
  for (const line of faultLines(reading.faults, file)) terminal.say(line);
  throw new CliError('CLI_CONFIG', `${file} is not valid`, 'Correct it. `taskrunner config check` lists all errors.');
}

/** How to connect as a role, whose password file alone is read. Throws `CLI_CONFIG` if that is not configured, `DB_PASSWORD_FILE`. */
export async function urlOf(role: 'owner' | 'maintain', configuration: Configuration): Promise<string> {
  const url = await databaseUrlOf(configuration, role);
  if (url !== null) return url;
  throw new CliError(
    'CLI_CONFIG',
    `no connection is configured for taskrunner_${role}`,
    `Set database.host and database.${role}PasswordFile, or database.${role}Url.`,
  );
}

/** Says on the terminal what a command waits for. */
export function sayWaiting(terminal: Terminal): (what: string) => void {
  return (what) => terminal.say(safeLine(`waiting for ${what}`));
}

/** `--config` of a command, or of `maintain`, which takes it wherever it stands. */
export function configOf(command: Command): string | undefined {
  return command.optsWithGlobals<{ readonly config?: string }>().config;
}

/** An id of a run. Throws `CLI_USAGE`. */
export function runOf(text: string): RunId {
  if (isRunId(text)) return text;
  throw new CliError('CLI_USAGE', `${text} is not a run id`, 'Use the id that `taskrunner run` printed.');
}
