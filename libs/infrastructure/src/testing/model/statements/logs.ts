import { unnested, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type ChunkRow } from '../rows';
import type { Execution } from '../transaction';

const CHUNK = ['tenant_id', 'run_id', 'fence', 'step', 'execution', 'chunk', 'at_ms', 'lines', 'first', 'size'];
const DIGEST_BYTES = 32;

type Sent = Omit<ChunkRow, 'data' | 'sha256'> & {
  readonly fence: number;
  readonly first: number;
  readonly size: number;
};

/** `append-chunks.sql`: the run is looked at in the snapshot, not locked. */
export function* appendChunks({ tx, tables }: Session, values: Values): Execution<{ i: number }> {
  const held: { i: number }[] = [];
  const [bytes, digests] = values.slice(CHUNK.length) as [Buffer, Buffer];
  for (const [index, { fence, first, size, ...chunk }] of (unnested(values, 1, CHUNK) as unknown as Sent[]).entries()) {
    const run = tx.find(tables.runs, runKey(chunk.tenant_id, chunk.run_id));
    if (!run || run.fence !== fence || run.owner === null) continue;
    held.push({ i: index + 1 });
    // A copy, as a database has it: the sender uses its bytes again.
    const data = Buffer.from(bytes.subarray(first, first + size));
    const sha256 = digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
    yield* tx.insert(tables.chunks, { ...chunk, data, sha256 }, 'nothing');
  }
  return held;
}

/** `read-chunks.sql`. */
export function* readChunks({ tx, tables, bugs }: Session, values: Values): Execution<unknown> {
  const [tenant, run, after, limit] = values as [string, string, number, number];
  const key = runKey(tenant, run);
  const from = bugs.has('readers-skip-a-line') ? after + 1 : after;
  const places = [...tx.scan(tables.places, key)].filter((place) => place.last_line > from);
  places.sort((a, b) => a.last_line - b.last_line);
  return places.slice(0, limit).flatMap((p) => {
    const c = tx.find(tables.chunks, `${key}/${p.step}#${p.execution}.${p.chunk}`);
    const { lines, step, execution, chunk } = p;
    return c
      ? [{ first_line: p.last_line - lines + 1, lines, step, execution, chunk, at_ms: c.at_ms, data: c.data }]
      : [];
  });
}
