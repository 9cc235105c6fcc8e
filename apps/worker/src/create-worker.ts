import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { CONFIGURATION, OpenedParts, type Configuration } from '@taskrunner/infrastructure/modules';
import { Departure } from './departure';
import { Worker } from './worker';
import { WorkerModule, type WorkerOptions } from './worker.module';

/** A running worker. */
export interface RunningWorker {
  /** Address of the health port. */
  readonly health: string;
  /**
   * Stops claiming and beginning, hands over runs without executions, waits up to `worker.drain` for steps in progress, and closes
   * everything. `orphaned`: it waits no longer than steps may take to stop. The health port answers until the drain is over.
   */
  readonly stop: (why?: 'told' | 'orphaned') => Promise<void>;
}

/** Composes a worker and starts it, with a health port. Rejects with the fault and its remedy. */
export async function createWorker(
  configuration: Configuration,
  options: Omit<WorkerOptions, 'configuration'> = {},
): Promise<RunningWorker> {
  const opened = new OpenedParts();
  const root = WorkerModule.forRoot({ ...options, configuration });
  const creating = NestFactory.create(root, new ExpressAdapter(), {
    logger: false,
    // The caller gets the reason if it does not start, and decides what follows.
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
    await app.listen(http.healthPort, http.host);
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
