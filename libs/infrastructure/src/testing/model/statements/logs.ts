import { unnested, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type ChunkRow, type RunRow } from '../rows';
import type { Execution } from '../transaction';

const CHUNK = ['tenant_id', 'run_id', 'fence', 'step', 'execution', 'chunk', 'at_ms', 'lines', 'first', 'size'];
const DIGEST_BYTES = 32;

type Sent = Omit<ChunkRow, 'data' | 'sha256' | 'attempt'> & {
  readonly fence: number;
  readonly first: number;
  readonly size: number;
};

/** `append-chunks.sql`: the run is read from the snapshot and not locked. */
export function appendChunks(session: Session, values: Values): Execution<{ i: number }> {
  const { tx, tables } = session;
  return append(session, values, ({ tenant_id, run_id }) => tx.find(tables.runs, runKey(tenant_id, run_id)));
}

/** `append-assigned-chunks.sql`: the same for assignments. */
export function appendAssignedChunks(session: Session, values: Values): Execution<{ i: number }> {
  const { tx, tables } = session;
  const names = values[CHUNK.length + 3] as readonly string[];
  return append(session, values, ({ tenant_id, run_id }, index) =>
    tx.find(tables.assignments, `${runKey(tenant_id, run_id)}/${names[index]}`),
  );
}

/** Stores the chunks whose run or assignment is still held under their fence. */
function* append(
  { tx, tables }: Session,
  values: Values,
  holderOf: (chunk: Sent, index: number) => Pick<RunRow, 'fence' | 'owner'> | null,
): Execution<{ i: number }> {
  const held: { i: number }[] = [];
  const [bytes, digests, attempts] = values.slice(CHUNK.length) as [Buffer, Buffer, readonly (number | null)[]];
  for (const [index, sent] of (unnested(values, 1, CHUNK) as unknown as Sent[]).entries()) {
    const { fence, first, size, ...chunk } = sent;
    const holder = holderOf(sent, index);
    if (!holder || holder.fence !== fence || holder.owner === null) continue;
    held.push({ i: index + 1 });
    // A copy, because the sender reuses its buffer.
    const data = Buffer.from(bytes.subarray(first, first + size));
    const sha256 = digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
    const attempt = attempts[index] ?? null;
    yield* tx.insert(tables.chunks, { ...chunk, attempt, data, sha256 }, 'nothing');
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
      ? [
          {
            first_line: p.last_line - lines + 1,
            ...{ lines, step, execution, chunk, attempt: c.attempt, at_ms: c.at_ms, data: c.data },
          },
        ]
      : [];
  });
}
