import { join } from 'node:path';
import { WorkThreads } from '@taskrunner/infrastructure/web';
import { ApiError } from '../problems/problem';
import type { BodyLimits } from './body-limits';
import { tooMany } from './body-memory';
import type { BodyThreads, BodyWork } from './body-work';

const MIB = 1024 ** 2;

/** Threads that read large bodies. They are started by the first one. */
export function bodyThreads(limits: BodyLimits): BodyThreads {
  const { threads, queue, threadMemory: memory, time } = limits;
  return new WorkThreads<BodyWork>(
    {
      name: 'thread for bodies',
      script: join(__dirname, 'body-thread.js'),
      ground: null,
      limits: { memory, time, threads, queue },
      tookTooLong: () => new ApiError('BODY_TOO_LARGE', `the body takes longer than ${time} ms to read`),
      tookTooMuch: () =>
        new ApiError('BODY_TOO_LARGE', `the body needs more memory than ${memory / MIB} MiB to be read`),
      busy: () => tooMany('large bodies'),
      unavailable: (detail) => new ApiError('BODY_READER_UNAVAILABLE', detail),
    },
    false,
  );
}
