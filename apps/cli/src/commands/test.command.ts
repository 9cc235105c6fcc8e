import { Option, type Command } from 'commander';
import { runScenarios, scenarioReportJson, type ScenarioReport } from '@taskrunner/core/operations';
import { offlineSetting, type OfflineOptions } from '../packs/offline-setting';
import { ANY_TENANT, loadWithInner } from '../packs/plan-offline';
import { scenarioFiles } from '../packs/scenario-files';
import { CliError } from '../terminal/cli-error';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { faultLines } from '../terminal/print-faults';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import type { Context } from './context';
import { withOffline, withOutput, isJson } from './options';

interface Options extends OfflineOptions {
  readonly output: string;
  readonly filter?: string;
  readonly tests?: string;
}

export function registerTest(program: Command, context: Context): void {
  withOutput(withOffline(program.command('test <pack>')))
    .description('run the scenario tests of a pack (tests/*.yaml); steps are simulated, not executed')
    .addOption(new Option('--filter <text>', 'run only scenarios whose name or file name contains this text'))
    .addOption(new Option('--tests <path>', 'scenario file or folder to use instead of tests/ in the pack'))
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const { terminal, env } = context;
        const { source, shown } = await loadWithInner(argument, options, env);
        const files = await scenarioFiles(argument, source, options.tests);
        const setting = await offlineSetting(source, options, env);
        const { filter } = options;
        const report = runScenarios(source, files, setting, {
          asker: ANY_TENANT,
          ...(filter === undefined ? {} : { filter }),
        });
        if (report.results.length === 0 && report.faults.length === 0) throw nothingToRun(argument, filter);
        if (isJson(options)) terminal.print(JSON.stringify(scenarioReportJson(report)));
        else printReport(report, shown, terminal);
        return exitOf(report);
      }, argument),
    );
}

/** Faults take precedence over failures: a scenario that could not be evaluated has not passed. */
function exitOf({ failed, faulty, faults }: ScenarioReport): ExitCode {
  if (faulty > 0 || faults.length > 0) return EXIT.INVALID_INPUT;
  return failed > 0 ? EXIT.FAILED : EXIT.OK;
}

function printReport({ results, faults, ...counts }: ScenarioReport, shown: string, terminal: Terminal): void {
  for (const { file, name, outcome } of results) {
    const mark = { passed: 'ok   ', failed: 'FAIL ', faulty: 'FAULT' }[outcome.kind];
    terminal.print(safeLine(`${mark} ${name}`));
    if (outcome.kind === 'failed')
      for (const { path, line, column, message } of outcome.differences)
        terminal.print(safeLine(`      ${file}:${line}:${column} ${path.replace('/expect/', '')}: ${message}`));
    if (outcome.kind === 'faulty')
      for (const { file: inner, ...fault } of outcome.faults) {
        // The scenario's own file is named as it was found; another file is one of the pack.
        const lines =
          inner === file
            ? faultLines([fault], file)
            : faultLines([inner === undefined ? fault : { ...fault, file: inner }], shown);
        for (const line of lines) terminal.say(line);
      }
  }
  for (const { file, ...fault } of faults) for (const line of faultLines([fault], file)) terminal.say(line);
  const { passed, failed, faulty } = counts;
  const unread = faults.length === 0 ? '' : `, ${faults.length} error${faults.length === 1 ? '' : 's'} in files`;
  terminal.print(`${passed} passed, ${failed} failed${faulty === 0 ? '' : `, ${faulty} not judged`}${unread}`);
}

function nothingToRun(argument: string, filter: string | undefined): CliError {
  return filter === undefined
    ? new CliError(
        'CLI_FILE',
        `${argument} has no scenario tests`,
        'Add tests/<name>.yaml to the pack, or use --tests.',
      )
    : new CliError(
        'CLI_USAGE',
        `no scenario has ${filter} in its name or file name`,
        'Omit --filter to see all names.',
      );
}
