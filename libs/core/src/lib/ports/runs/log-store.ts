import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** A piece of one execution's stream before it has line numbers. */
export interface LogChunk {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Fence of the run, or of the assignment if one is named. */
  readonly fence: number;
  readonly assignment?: string;
  readonly step: string;
  /** The attempt of the step to which the execution belongs. Null: the step has no attempts, as a gate. */
  readonly attempt: number | null;
  readonly execution: number;
  /** Number from 0, without gaps within the execution. */
  readonly chunk: number;
  /** Milliseconds, database time. */
  readonly at: number;
  /** Redacted bytes: lines that end with `\n`, each `<level letter><text>`; see `journal/log-line.ts`. */
  readonly data: Uint8Array;
  readonly lines: number;
  readonly sha256: Digest;
}

/** Stores log lines. Readers see them once they are numbered. */
export abstract class LogStore {
  /** Stores chunks whose run is still held under their fence; false for the others. */
  abstract append(chunks: readonly LogChunk[]): Promise<readonly boolean[]>;
  /** Chunks with numbers after `afterLine`, in order, at most `limit`. */
  abstract read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]>;
}

/** Additional methods of a log store that sealing needs. */
export abstract class SealableLogStore extends LogStore {
  /** Bytes of an execution's chunks `first` to `last` in order, one element per chunk. Missing ones are left out. */
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
  /** Null: the step has no attempts, or a worker of an earlier release wrote the chunk and did not record it. */
  readonly attempt: number | null;
  readonly execution: number;
  readonly chunk: number;
  readonly at: number;
  readonly data: Uint8Array;
  /** The archive withholds the stream: `data` says so, and has no digest in the journal. */
  readonly isWithheld?: true;
}
