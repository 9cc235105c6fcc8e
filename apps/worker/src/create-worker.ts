import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { CONFIGURATION, listenOn, OpenedParts, type Configuration } from '@taskrunner/infrastructure/modules';
import { Departure } from './departure';
import { Worker } from './worker';
import { WorkerModule, type WorkerOptions } from './worker.module';

/** A worker that works. */
export interface RunningWorker {
  /** Address of health. */
  readonly health: string;
  /**
   * Claims and begins nothing more, hands over what is not under way, waits `worker.drain` for steps that are, and closes everything.
   * `orphaned`: it waits no longer than steps may take to stop. Health is there until it has drained.
   */
  readonly stop: (why?: 'told' | 'orphaned') => Promise<void>;
}

/** Composes a worker and starts it, with health on its port. Rejects with what is wrong and what to do. */
export async function createWorker(
  configuration: Configuration,
  options: Omit<WorkerOptions, 'configuration'> = {},
): Promise<RunningWorker> {
  const opened = new OpenedParts();
  const root = WorkerModule.forRoot({ ...options, configuration });
  const creating = NestFactory.create(root, new ExpressAdapter(), {
    logger: false,
    // Who starts it hears why it does not start, and decides what then.
    abortOnError: false,
    instrument: { instanceDecorator: opened.watch },
  });
  const app = await creating.catch(async (error: unknown) => {
    await opened.abandon();
    throw error;
  });
  return startWorker(app);
}

/** Starts an application that was made of `WorkerModule`. */
export async function startWorker(app: INestApplication): Promise<RunningWorker> {
  try {
    const { http } = app.get<Configuration>(CONFIGURATION);
    await listenOn(app, { key: 'http.healthPort', host: http.host, port: http.healthPort });
    await app.get(Worker).start();
    const departure = app.get(Departure);
    let stopped: Promise<void> | null = null;
    return {
      health: await app.getUrl(),
      stop: (why = 'told') => {
        if (why === 'orphaned') departure.hurry();
        return (stopped ??= app.close());
      },
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}
