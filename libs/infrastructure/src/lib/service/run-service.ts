import { isCodedError } from '@taskrunner/core/foundation';
import type { Reader } from '../configuration/check-configuration';
import type { Configuration } from '../configuration/configuration';
import { configurationFileOf, loadConfiguration } from '../configuration/load-configuration';

/** A service that has started. */
export interface StartedService {
  /** What the line says that tells who started it: addresses. */
  readonly ready: Readonly<Record<string, string>>;
  /** `told`: by a signal; `orphaned`: whoever started it is gone, and nobody will ask how long this takes. */
  readonly stop: (why: 'told' | 'orphaned') => Promise<void>;
}

/**
 * The life of a service as a process: reads the configuration (`TASKRUNNER_CONFIG`), starts, says on one line that it is ready, and stops
 * when it is told to (SIGTERM, SIGINT; with `TASKRUNNER_PARENT_WATCH=1` also at the end of its standard input). What is refused goes to
 * standard error, each with its code and its remedy; the process then ends with 1.
 */
export async function runService(
  name: 'webservice' | 'worker',
  start: (configuration: Configuration) => Promise<StartedService>,
): Promise<void> {
  try {
    const configuration = await readConfiguration(name === 'webservice' ? 'webservice' : 'anybody');
    const { ready, stop } = await start(configuration);
    // Before anybody knows that it is ready, and may tell it to stop.
    stopOnSignal(name, stop);
    process.stdout.write(`${JSON.stringify({ ready: name, ...ready })}\n`);
  } catch (error) {
    process.stderr.write(`${refusalText(name, error)}\n`);
    process.exit(1);
  }
}

async function readConfiguration(reader: Reader): Promise<Configuration> {
  const reading = await loadConfiguration(undefined, process.env, reader);
  if (reading.kind === 'read') return reading.configuration;
  const file = configurationFileOf(undefined, process.env);
  for (const { code, line, column, path, message, remediation } of reading.faults) {
    const place = line === null ? `${file}${path === '' ? '' : `#${path}`}` : `${file}:${line}:${column ?? 1}`;
    process.stderr.write(`${code} ${place} ${message}\nhelp: ${remediation}\n`);
  }
  process.exit(1);
}

function stopOnSignal(name: string, stop: StartedService['stop']): void {
  let isStopping = false;
  const leave = (why: 'told' | 'orphaned'): void => {
    if (isStopping) return;
    isStopping = true;
    void stop(why).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${refusalText(name, error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leave('told'));
  if (process.env['TASKRUNNER_PARENT_WATCH'] !== '1') return;
  const orphaned = (): void => leave('orphaned');
  process.stdin.resume().on('end', orphaned).on('close', orphaned);
}

function refusalText(name: string, error: unknown): string {
  if (isCodedError(error)) return `${error.code} ${error.message}\nhelp: ${error.remediation}`;
  return `${name.toUpperCase()}_FAILED ${error instanceof Error ? error.message : String(error)}`;
}
