import type { Command } from 'commander';
import {
  configurationFileOf,
  describeConfiguration,
  loadConfiguration,
  printDescription,
  printSample,
  type ConfigurationReading,
} from '@taskrunner/infrastructure/configuration';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { faultLines, warningLines } from '../terminal/print-faults';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { withOutput, isJson } from './options';
import { forecastLines, forecastOf, type RunForecast } from './run-forecast';
import { refuseSpecialFile } from '../files/special-file';

interface Options {
  readonly output: string;
}

interface CheckOptions extends Options {
  readonly runs?: boolean;
}

const FILE = 'configuration file (default: TASKRUNNER_CONFIG, then the default path)';

/** `taskrunner config`: the configuration as the services would read it, without starting one. */
export function registerConfig(program: Command, context: Context): void {
  const config = program.command('config').description('check and show the configuration of the services');
  withOutput(config.command('check').argument('[file]', FILE))
    .description('validate the configuration, including environment variables, and report all errors and warnings')
    .option(
      '--runs',
      'also report what would happen to active runs under this configuration; reads the database with the maintain role',
    )
    .action((supplied: string | undefined, options: CheckOptions) =>
      context.run(async () => {
        const found = await read(supplied, context, 'check');
        const { reading } = found;
        const runs = options.runs === true && reading.kind === 'read' ? await forecastOf(reading.configuration) : null;
        return check(found, options, context, runs);
      }),
    );
  withOutput(config.command('show').argument('[file]', FILE))
    .description('print the effective configuration, including defaults and overrides; passwords are redacted')
    .action((supplied: string | undefined, options: Options) =>
      context.run(async () => show(await read(supplied, context, 'anybody'), options, context)),
    );
  config
    .command('sample')
    .description('print every key with its default and description')
    .action(() =>
      context.run(async () => {
        context.terminal.print(printSample().replace(/\n$/, ''));
        return EXIT.OK;
      }),
    );
  for (const command of config.commands) command.copyInheritedSettings(program);
}

interface Read {
  readonly file: string;
  readonly reading: ConfigurationReading;
}

async function read(supplied: string | undefined, { env }: Context, reader: 'check' | 'anybody'): Promise<Read> {
  const file = configurationFileOf(supplied, env);
  refuseSpecialFile(file);
  return { file, reading: await loadConfiguration(supplied, env, reader) };
}

function check(
  { file, reading }: Read,
  { output }: Options,
  { terminal }: Context,
  runs: RunForecast | null = null,
): ExitCode {
  const faults = reading.kind === 'refused' ? reading.faults : [];
  const valid = faults.length === 0;
  const warnings = reading.kind === 'read' ? reading.warnings : [];
  if (isJson({ output }))
    terminal.print(JSON.stringify({ valid, file, errors: faults, warnings, ...(runs && { runs }) }));
  else if (valid) terminal.print(safeLine(`${file} is valid`));
  else for (const line of faultLines(faults, file)) terminal.say(line);
  if (!isJson({ output })) for (const line of warningLines(warnings, file)) terminal.say(line);
  if (runs !== null && !isJson({ output })) for (const line of forecastLines(runs)) terminal.print(line);
  return valid ? EXIT.OK : EXIT.INVALID_INPUT;
}

function show(read: Read, options: Options, context: Context): ExitCode {
  const { reading } = read;
  if (reading.kind === 'refused') return check(read, options, context);
  const { configuration } = reading;
  const shown = isJson(options)
    ? JSON.stringify(describeConfiguration(configuration))
    : printDescription(configuration);
  context.terminal.print(shown);
  return EXIT.OK;
}
