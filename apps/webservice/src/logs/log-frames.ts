import type { LogLevel } from '@taskrunner/core/journal';
import type { NumberedChunk } from '@taskrunner/core/ports';
import type { LogFormat } from './log-format';
import { linesOf, rankOf } from './log-lines';

/** The encoded lines of a chunk, made once for all readers. */
export interface LogFrames {
  readonly bytes: Buffer;
  /** End offset of the frame of each line. */
  readonly ends: Uint32Array;
  /** Rank of each line's level. */
  readonly ranks: Uint8Array;
}

/** Encodes all lines of a chunk. */
export function framesOf(runId: string, chunk: NumberedChunk, format: LogFormat): LogFrames {
  const lines = linesOf(chunk, 0);
  const frames = lines.map((line) => format.line(runId, line));
  const ends = new Uint32Array(lines.length);
  let end = 0;
  frames.forEach((frame, index) => (ends[index] = end += Buffer.byteLength(frame)));
  return { bytes: Buffer.from(frames.join('')), ends, ranks: Uint8Array.from(lines, ({ level }) => rankOf(level)) };
}

/** The frames after the first `skip` lines, only those of `level` and above. Without a level no byte is copied. */
export function selected({ bytes, ends, ranks }: LogFrames, skip: number, level: LogLevel | null): Buffer {
  const begin = skip === 0 ? 0 : (ends[skip - 1] ?? bytes.length);
  if (level === null) return bytes.subarray(begin);
  const least = rankOf(level);
  const parts: Buffer[] = [];
  for (let index = skip; index < ends.length; index++)
    if ((ranks[index] ?? 0) >= least) parts.push(bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
  return Buffer.concat(parts);
}
