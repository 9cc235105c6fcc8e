import { isCodedError } from '@taskrunner/core/foundation';
import type { Reader } from '../configuration/check-configuration';
import type { Configuration } from '../configuration/configuration';
import { configurationFileOf, loadConfiguration } from '../configuration/load-configuration';
import { keepCompiledCode } from './compiled-code';

/** Exit codes, as the command line has them: a start that failed, and a configuration that is invalid. */
const [FAILED, INVALID] = [1, 2] as const;

/** A started service. */
export interface StartedService {
  /** Addresses in the ready line, for the process that started the service. */
  readonly ready: Readonly<Record<string, string>>;
  /** `told`: a signal arrived; `orphaned`: the process that started the service has ended, and nobody waits for the end. */
  readonly stop: (why: 'told' | 'orphaned') => Promise<void>;
}

/**
 * Runs the lifecycle of a service process. It reads the configuration (`TASKRUNNER_CONFIG`), starts the service and prints one line when it
 * is ready. It stops at SIGTERM or SIGINT, and with `TASKRUNNER_PARENT_WATCH=1` also at the end of standard input. Errors are written to
 * standard error, each with code and remedy. The process then exits with 1, or with 2 if the configuration is invalid: no restart mends that.
 */
export async function runService(
  name: 'webservice' | 'worker',
  start: (configuration: Configuration) => Promise<StartedService>,
): Promise<void> {
  keepCompiledCode();
  try {
    const configuration = await readConfiguration(name === 'webservice' ? 'webservice' : 'anybody');
    const { ready, stop } = await start(configuration);
    // Installed before the ready line, after which the service may be stopped at any time.
    stopOnSignal(name, stop);
    process.stdout.write(`${JSON.stringify({ ready: name, ...ready })}\n`);
  } catch (error) {
    process.stderr.write(`${refusalText(name, error)}\n`);
    process.exit(isCodedError(error) && error.code.startsWith('CONFIG_') ? INVALID : FAILED);
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
  process.exit(INVALID);
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
        process.exit(FAILED);
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
