import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { causesOf } from '@taskrunner/core/foundation';
import { loadConfiguration, Telemetry, type Configuration } from '@taskrunner/infrastructure/modules';
import { IsolatedDriver } from './isolated-driver';
import { CONFIGURED_BY_WORKER, type FromQuarantine, type ToQuarantine } from './quarantine';
import { isMistake } from '../loops/failed-drives';
import { WorkerModule, type WorkerOptions } from '../worker.module';

/**
 * The main function of a process that drives one run at a time. A worker forks it for runs that may have killed workers. It claims nothing
 * and holds no lease; its worker does both. It ends when its worker ends or no longer needs it. Call it once, in a script that is
 * `isolatedMain` of a worker, with the adapters and imports of that worker.
 */
export function driveIsolated(options: Pick<WorkerOptions, 'adapters' | 'imports'> = {}): void {
  // Signals of a terminal or a service manager are for the worker, which hands its runs over.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
  // It must not outlive the worker that forked it.
  process.on('disconnect', () => process.exit(1));
  serve(options).catch((error: unknown) => void sayFailed(error).then(() => process.exit(1)));
}

async function serve(options: Pick<WorkerOptions, 'adapters' | 'imports'>): Promise<void> {
  if (!process.connected) process.exit(1);
  const configuration = process.argv.includes(CONFIGURED_BY_WORKER)
    ? await sentConfiguration()
    : await ownConfiguration();
  // It forks no further isolated process: its worker has claimed what it drives.
  const root = WorkerModule.forRoot({ ...options, configuration, isolatedMain: __filename });
  const context = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  const [driver, telemetry] = [context.get(IsolatedDriver), context.get(Telemetry)];
  process.on('message', (message: ToQuarantine) => {
    if (message.type === 'renew') driver.renew(message.deadline);
    else if (message.type === 'mail') driver.inboxChanged();
    else if (message.type === 'hand-over') driver.abandon();
    else if (message.type === 'drain') driver.leave();
    else if (message.type === 'give-up') driver.giveUpIdempotent();
    else if (message.type === 'leave') void telemetry.close().finally(() => process.exit(0));
    else if (message.type === 'drive')
      driver
        .drive(message.run, message.refusal, () => say({ type: 'driving' }))
        .then((driven) => say({ type: 'driven', driven }))
        .catch(fail);
  });
  await say({ type: 'ready' });
}

/** The worker sends it as the first message. */
function sentConfiguration(): Promise<Configuration> {
  return new Promise((resolve) => {
    const hear = (message: ToQuarantine): void => {
      if (message.type !== 'configure') return;
      process.off('message', hear);
      resolve(message.configuration as Configuration);
    };
    process.on('message', hear);
  });
}

async function ownConfiguration(): Promise<Configuration> {
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused') throw new TypeError('the configuration is refused');
  return reading.configuration;
}

function say(message: FromQuarantine): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

/** A caught error is not a death: the worker treats it as it treats an error of a driver of its own. */
function fail(error: unknown): void {
  void sayFailed(error)
    .then(() => say({ type: 'driven', driven: 'failed' }))
    .then(() => process.exit(1));
}

/** Its worker logs it, with the run. */
async function sayFailed(error: unknown): Promise<void> {
  const causes = causesOf(error, { quotes: false });
  process.stderr.write(`QUARANTINE_FAILED ${causes.join(': ')}\n`);
  await say({ type: 'failed', causes, mistake: isMistake(error) ? error.message : null });
}
