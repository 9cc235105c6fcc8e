import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** A piece of one execution's stream, before it has line numbers. */
export interface LogChunk {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Of the run; where an assignment is named, of that. */
  readonly fence: number;
  readonly assignment?: string;
  readonly step: string;
  readonly execution: number;
  /** From 0, gapless in the execution. */
  readonly chunk: number;
  /** Milliseconds, database time. */
  readonly at: number;
  /** Redacted bytes: lines that end with `\n`, each `<level letter><text>`; see `journal/log-line.ts`. */
  readonly data: Uint8Array;
  readonly lines: number;
  readonly sha256: Digest;
}

/** Where lines are kept. Readers see them once they are numbered. */
export abstract class LogStore {
  /** Stores chunks whose run is still held under their fence; false for those that are not. */
  abstract append(chunks: readonly LogChunk[]): Promise<readonly boolean[]>;
  /** Chunks with numbers after `afterLine`, in order, at most `limit`. */
  abstract read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]>;
}

/** What a log store needs besides so that runs can be sealed from it. */
export abstract class SealableLogStore extends LogStore {
  /** Bytes of an execution's chunks `first` to `last`, one a chunk, in their order; those that are not there are left out. */
  abstract bytes(
    tenant: TenantId,
    run: RunId,
    of: { readonly step: string; readonly execution: number },
    first: number,
    last: number,
  ): Promise<readonly Uint8Array[]>;
}

export interface NumberedChunk {
  readonly firstLine: number;
  readonly lines: number;
  readonly step: string;
  readonly execution: number;
  readonly chunk: number;
  readonly at: number;
  readonly data: Uint8Array;
}
