import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { runService } from '@taskrunner/infrastructure';
import { Telemetry } from '@taskrunner/infrastructure/telemetry';
import { VERSION } from './version';
import { Worker, WorkerModule } from './worker.module';

void runService('worker', async (configuration) => {
  const telemetry = await Telemetry.open(configuration.telemetry, { name: 'worker', version: VERSION });
  const worker = await Worker.open(configuration, telemetry);
  const app = await NestFactory.create(WorkerModule.of(worker), new ExpressAdapter(), { logger: false });
  await app.listen(configuration.http.healthPort, configuration.http.host);
  await worker.start();
  const { drain, stopGrace } = configuration.worker;
  return {
    ready: { health: await app.getUrl() },
    stop: async (why) => {
      // Whoever started it is gone, and nobody will ask how long this takes.
      await worker.stop(why === 'told' ? drain : Math.min(drain, stopGrace));
      await app.close();
      await telemetry.close();
    },
  };
});
