import type { CollectLimits } from '@taskrunner/core/ports';

// Requests to the collector and its responses. A response is a sequence of frames: four bytes (big-endian) with the length of a JSON
// header, the header, and for `file` as many bytes as the header gives.

export interface CollectRequest {
  readonly artifacts: readonly { readonly path: string; readonly optional: boolean }[];
  readonly limits: CollectLimits;
  /** Sizes of files that are written to the folder given as the second argument; null without a folder. */
  readonly stage: { readonly minBytes: number; readonly maxBytes: number } | null;
}

export type CollectCode = 'ARTIFACT_MISSING' | 'ARTIFACT_REFUSED' | 'ARTIFACT_TOO_LARGE';

export type FrameHeader =
  /** A complete artifact file, or a file of the open tar. `path` is relative to the workspace or to the tar's folder. */
  | {
      readonly type: 'file';
      readonly artifact: number;
      readonly path: string;
      readonly size: number;
      readonly executable: boolean;
    }
  /** A complete artifact file that was written to the folder under the name `file`. `digest` covers the written bytes. */
  | {
      readonly type: 'staged';
      readonly artifact: number;
      readonly path: string;
      readonly file: string;
      readonly size: number;
      readonly digest: `sha256:${string}`;
    }
  | { readonly type: 'folder'; readonly artifact: number; readonly path: string }
  | { readonly type: 'tar-begin'; readonly artifact: number; readonly path: string }
  | { readonly type: 'tar-end'; readonly artifact: number }
  | {
      readonly type: 'fault';
      readonly artifact: number;
      readonly code: CollectCode;
      readonly path: string;
      readonly message: string;
    }
  /** The last frame. A response without it is incomplete. */
  | { readonly type: 'end' };
