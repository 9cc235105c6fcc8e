import type { Fault } from '@taskrunner/core/foundation';
import type { ApiCode } from '@taskrunner/core/operations';
import type { BodyName } from './bodies';
import type { ReadBody } from './read-body';

/** The task of the threads: `readBody`, with its errors returned as data. */
export interface BodyWork {
  readonly read: {
    readonly asked: {
      readonly name: BodyName;
      /** The bytes of the body in order. */
      readonly blocks: readonly Uint8Array[];
      readonly mostBeside: number;
      readonly isKeyed: boolean;
    };
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

/** Threads that read large bodies concurrently, with turns for tenants. Rejects with `ApiError`. */
export interface BodyThreads {
  /** `transfer`: buffers that are transferred instead of copied. */
  ask(
    tenant: string,
    kind: 'read',
    asked: BodyWork['read']['asked'],
    transfer: readonly ArrayBuffer[],
  ): Promise<BodyWork['read']['answer']>;
  close(): Promise<void>;
}
