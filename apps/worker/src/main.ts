import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { isCodedError } from '@taskrunner/core';
import { configurationFileOf, loadConfiguration } from '@taskrunner/infrastructure';
import { Telemetry } from '@taskrunner/infrastructure/telemetry';
import { VERSION } from './version';
import { Worker, WorkerModule } from './worker.module';

async function main(): Promise<void> {
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused') {
    const file = configurationFileOf(undefined, process.env);
    for (const { code, line, column, path, message, remediation } of reading.faults) {
      const place = line === null ? `${file}${path === '' ? '' : `#${path}`}` : `${file}:${line}:${column ?? 1}`;
      process.stderr.write(`${code} ${place} ${message}\nhelp: ${remediation}\n`);
    }
    process.exit(1);
  }
  const { configuration } = reading;
  const telemetry = await Telemetry.open(configuration.telemetry, { name: 'worker', version: VERSION });
  const worker = await Worker.open(configuration, telemetry);
  const app = await NestFactory.create(WorkerModule.of(worker), new ExpressAdapter(), { logger: false });
  await app.listen(configuration.http.healthPort, configuration.http.host);
  await worker.start();
  process.stdout.write(`${JSON.stringify({ ready: 'worker', health: await app.getUrl() })}\n`);
  let stopping = false;
  const stop = (drainMs: number): void => {
    if (stopping) return;
    stopping = true;
    void worker
      .stop(drainMs)
      .then(() => app.close())
      .then(() => telemetry.close())
      .then(() => process.exit(0));
  };
  const { drain, stopGrace } = configuration.worker;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(drain));
  // Whoever started it is gone, and nobody will ask how long this takes.
  const leave = (): void => stop(Math.min(drain, stopGrace));
  if (process.env['TASKRUNNER_PARENT_WATCH'] === '1') process.stdin.resume().on('end', leave).on('close', leave);
}

main().catch((error: unknown) => {
  const told = isCodedError(error)
    ? `${error.code} ${error.message}\nhelp: ${error.remediation}`
    : `WORKER_FAILED ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${told}\n`);
  process.exit(1);
});
