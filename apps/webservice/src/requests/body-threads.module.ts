import { join } from 'node:path';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIGURATION, provide, token, WorkThreads, type Configuration } from '@taskrunner/infrastructure/modules';
import { ApiError } from '../problems/problem';
import { tooMany } from './body-memory';
import type { BodyThreads, BodyWork } from './body-work';

const MIB = 1024 ** 2;

/** Threads that read large bodies, started on first use. */
export const BODY_THREADS = token<BodyThreads>('threads for bodies');

/** The threads that read large bodies (`http.bodies`). */
@Module({})
export class BodyThreadsModule implements OnApplicationShutdown {
  static forRoot(): DynamicModule {
    return {
      module: BodyThreadsModule,
      providers: [
        provide(BODY_THREADS, { configuration: CONFIGURATION }, ({ configuration }) =>
          bodyThreads(configuration.http.bodies),
        ),
      ],
      exports: [BODY_THREADS],
    };
  }

  constructor(@Inject(BODY_THREADS) private readonly threads: BodyThreads) {}

  onApplicationShutdown(): Promise<void> {
    return this.threads.close();
  }
}

function bodyThreads(limits: Configuration['http']['bodies']): BodyThreads {
  const { threads, queue, threadMemory: memory, time } = limits;
  return new WorkThreads<BodyWork>(
    {
      name: 'thread for bodies',
      script: join(__dirname, 'body-thread.js'),
      context: null,
      limits: { memory, time, threads, queue },
      tookTooLong: () => new ApiError('BODY_TOO_LARGE', `parsing the body takes longer than ${time} ms`),
      starved: () => tooMany('large bodies'),
      tookTooMuch: () =>
        new ApiError('BODY_TOO_LARGE', `parsing the body needs more than ${memory / MIB} MiB of memory`),
      busy: () => tooMany('large bodies'),
      unavailable: (detail) => new ApiError('BODY_READER_UNAVAILABLE', detail),
    },
    false,
  );
}
