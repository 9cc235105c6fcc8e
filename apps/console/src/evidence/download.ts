import type { TaskRunnerClient } from '@taskrunner/client';
import { ONCE } from '../api/client';
import { sizeText } from '../frame/short';

/** What is known while a bundle comes. */
export interface Progress {
  /** Bytes. */
  readonly received: number;
  /** Null: the server does not say. */
  readonly total: number | null;
}

/** A bundle is larger than a browser may hold. */
export class TooLarge extends Error {
  constructor(maxBytes: number) {
    super(
      `The bundle is larger than ${sizeText(maxBytes)}, which is the most that this browser reads (console.bundleSize). ` +
        'Download it with `taskrunner evidence`, and verify it with `taskrunner verify`.',
    );
  }
}

/** Downloads the evidence bundle of a run once. Throws an `ApiProblem`, or `TooLarge` before more is held. */
export async function downloadBundle(
  client: Pick<TaskRunnerClient, 'evidence'>,
  runId: string,
  { maxBytes, signal, report }: { maxBytes: number; signal: AbortSignal; report: (progress: Progress) => void },
): Promise<Blob> {
  const { stream, size: total } = await client.evidence(runId, { signal, ...ONCE });
  if (total !== null && total > maxBytes) throw new TooLarge(maxBytes);
  const pieces: BlobPart[] = [];
  let received = 0;
  const reader = stream.getReader();
  for (;;) {
    const piece = await reader.read();
    if (piece.value === undefined) break;
    received += piece.value.length;
    if (received > maxBytes) {
      await reader.cancel();
      throw new TooLarge(maxBytes);
    }
    pieces.push(piece.value as Uint8Array<ArrayBuffer>);
    report({ received, total });
  }
  return new Blob(pieces, { type: 'application/x-tar' });
}
