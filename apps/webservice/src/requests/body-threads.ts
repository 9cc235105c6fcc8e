import { join } from 'node:path';
import type { Fault } from '@taskrunner/core';
import { WorkThreads } from '@taskrunner/infrastructure/web';
import type { ApiCode } from '../problems/problem-code';
import { ApiError } from '../problems/problem';
import type { BodyName } from './bodies';
import type { BodyLimits } from './body-limits';
import { tooMany } from './body-memory';
import type { ReadBody } from './read-body';

/** What threads do: `readBody`, whose errors come back as data. */
export interface BodyWork {
  readonly read: {
    readonly asked: { readonly name: BodyName; readonly bytes: Uint8Array; readonly mostBeside: number };
    readonly answer:
      | { readonly kind: 'read'; readonly body: ReadBody<unknown> }
      | {
          readonly kind: 'refused';
          readonly code: ApiCode;
          readonly detail: string;
          readonly faults: readonly Fault[];
        };
  };
}

const MIB = 1024 ** 2;

/** Threads that read large bodies. They are started by the first one. */
export function bodyThreads(limits: BodyLimits): WorkThreads<BodyWork> {
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
