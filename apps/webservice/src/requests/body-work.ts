import type { Fault } from '@taskrunner/core/foundation';
import type { ApiCode } from '../problems/problem-code';
import type { BodyName } from './bodies';
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

/** Threads that read large bodies, some at once, tenants in turns. Rejects with `ApiError`. */
export interface BodyThreads {
  /** `transfer`: buffers that are handed over, not copied. */
  ask(
    tenant: string,
    kind: 'read',
    asked: BodyWork['read']['asked'],
    transfer: readonly ArrayBuffer[],
  ): Promise<BodyWork['read']['answer']>;
  close(): Promise<void>;
}
