import type { Configuration } from '@taskrunner/infrastructure/configuration';
import { CliError } from '../terminal/cli-error';
import { continueWithoutReader } from '../terminal/closed-output';
import { loadOneProcess, type OneProcess } from './one-process';

/** How a service is told to stop. */
const STOPPING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Waits for a signal to stop; with `TASKRUNNER_PARENT_WATCH=1`, also for the end of standard input. The first one counts; further ones are
 * ignored, because the drain is bounded.
 */
class StopSignal {
  private settle: () => void = () => undefined;
  readonly arrived = new Promise<void>((resolve) => (this.settle = resolve));
  private readonly isWatching = process.env['TASKRUNNER_PARENT_WATCH'] === '1';
  private readonly onSignal = (): void => this.settle();

  constructor() {
    for (const signal of STOPPING) process.on(signal, this.onSignal);
    if (this.isWatching) process.stdin.resume().on('end', this.onSignal).on('close', this.onSignal);
  }

  close(): void {
    for (const signal of STOPPING) process.off(signal, this.onSignal);
    // It would keep the process alive.
    if (this.isWatching) process.stdin.destroy();
  }
}

/**
 * Runs webservice and worker in this process until it is told to stop. `onReady` is called when the API answers.
 * @throws CodedError if it does not start
 * @throws CliError `CLI_DATABASE_LOST` if the database server of the folder has ended for good
 */
export async function serve(configuration: Configuration, onReady: (running: OneProcess) => void): Promise<void> {
  // Installed first: a signal during the start must not leave a database server behind.
  const stop = new StopSignal();
  // The drain must not be cut short because whoever started this process has ended.
  continueWithoutReader();
  try {
    const start = await loadOneProcess();
    const running = await start(configuration);
    onReady(running);
    const isLost = await Promise.race([stop.arrived.then(() => false), running.databaseLost.then(() => true)]);
    await running.stop();
    if (isLost) throw databaseLost();
  } finally {
    stop.close();
  }
}

function databaseLost(): CliError {
  return new CliError(
    'CLI_DATABASE_LOST',
    'the database server of this process has ended for good, so nothing can be stored',
    'Start the command again: the database recovers, and runs go on. If it happens again, check the log (`database.server-lost`), and the disk and the memory of the machine.',
  );
}
