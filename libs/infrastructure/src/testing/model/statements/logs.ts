import { unnested, type Values } from '../columns';
import type { Session } from '../model-database';
import { runKey, type ChunkRow } from '../rows';
import type { Execution } from '../transaction';

const CHUNK = ['tenant_id', 'run_id', 'fence', 'step', 'execution', 'chunk', 'at_ms', 'data', 'lines', 'sha256'];

/** `append-chunks.sql`: the run is looked at in the snapshot, not locked. */
export function* appendChunks({ tx, tables }: Session, values: Values): Execution<{ i: number }> {
  const held: { i: number }[] = [];
  const sent = unnested(values, 1, CHUNK) as unknown as (ChunkRow & { fence: number })[];
  for (const [index, { fence, ...chunk }] of sent.entries()) {
    const run = tx.find(tables.runs, runKey(chunk.tenant_id, chunk.run_id));
    if (!run || run.fence !== fence || run.owner === null) continue;
    held.push({ i: index + 1 });
    yield* tx.insert(tables.chunks, chunk, 'nothing');
  }
  return held;
}

/** `read-chunks.sql`. */
export function* readChunks({ tx, tables, bugs }: Session, values: Values): Execution<unknown> {
  const [tenant, run, after, limit] = values as [string, string, number, number];
  const key = runKey(tenant, run);
  const from = bugs.has('readers-begin-too-early') ? after - 1 : after;
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
