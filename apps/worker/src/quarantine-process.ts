import './leave-with-worker';
import 'reflect-metadata';
import { loadConfiguration } from '@taskrunner/infrastructure';
import { Telemetry } from '@taskrunner/infrastructure/telemetry';
import type { FromQuarantine, ToQuarantine } from './quarantine';
import { VERSION } from './version';
import { Worker } from './worker.module';

// Drives one run at a time: forked by `quarantine.ts` for runs beside which workers have died. It claims nothing and holds no lease; both are
// its worker's, and when that is gone, or needs it no more, this ends.

function say(message: FromQuarantine): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

async function main(): Promise<void> {
  if (!process.connected) process.exit(1);
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused') throw new TypeError('the configuration is refused');
  const telemetry = await Telemetry.open(reading.configuration.telemetry, { name: 'worker', version: VERSION });
  const worker = await Worker.open(reading.configuration, telemetry);
  process.on('message', (message: ToQuarantine) => {
    if (message.type === 'renew') worker.renew(message.deadline);
    else if (message.type === 'mail') worker.inboxChangedIsolated();
    else if (message.type === 'hand-over') worker.abandonIsolated();
    else if (message.type === 'drain') worker.leaveIsolated();
    else if (message.type === 'give-up') worker.giveUpIsolated();
    else if (message.type === 'leave') void telemetry.close().finally(() => process.exit(0));
    else
      worker
        .driveIsolated(message.run, message.refusal, () => say({ type: 'driving' }))
        .then((driven) => say({ type: 'driven', driven }))
        .catch(fail);
  });
  await say({ type: 'ready' });
}

/** An error that was caught is no death: the run goes back as from a driver that failed. */
function fail(error: unknown): void {
  process.stderr.write(`QUARANTINE_FAILED ${error instanceof Error ? error.message : String(error)}\n`);
  void say({ type: 'driven', driven: 'handed-over' }).then(() => process.exit(1));
}

// Signals of a terminal or a service manager are for the worker, which hands over.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
main().catch((error: unknown) => {
  process.stderr.write(`QUARANTINE_FAILED ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
