import type { CollectLimits } from '@taskrunner/core/ports';

// What the collector is asked and what it answers. An answer is a sequence of frames: four bytes (big-endian) of the length of a JSON
// header, the header, and for `file` as many bytes as it says.

export interface CollectRequest {
  readonly artifacts: readonly { readonly path: string; readonly optional: boolean }[];
  readonly limits: CollectLimits;
  /** Which files are laid into the folder that is the process's second argument; null: there is none. */
  readonly stage: { readonly minBytes: number; readonly maxBytes: number } | null;
}

export type CollectCode = 'ARTIFACT_MISSING' | 'ARTIFACT_REFUSED' | 'ARTIFACT_TOO_LARGE';

export type FrameHeader =
  /** An artifact's whole file, or a file of the tar that is open. `path` is relative to the workspace, or to the tar's folder. */
  | {
      readonly type: 'file';
      readonly artifact: number;
      readonly path: string;
      readonly size: number;
      readonly executable: boolean;
    }
  /** An artifact's whole file that now lies in the folder under the name `file`; `digest` is of what was written there. */
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
  /** The last frame: without it the answer is not whole. */
  | { readonly type: 'end' };
