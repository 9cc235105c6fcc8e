import { LogRows } from '../../../testing/sample-log';
import { sha256 } from '../../canonical/digest';
import type { UnheldFile } from '../../evidence/bundle/bundle-files';
import { factsOf } from '../../evidence/records/run-facts';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Page } from '../../journal/page';
import type { NumberedChunk } from '../../ports/runs/log-store';
import { NO_REDACTOR, Redactor } from '../../secret/redactor';
import { piecesOf, readEndedLog } from './ended-log';

const OF = { tenant: 'acme' as TenantId, run: 'run_x' as RunId };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Two streams whose chunks stand between one another: 40 of `scan`, 2 of `lint`. */
function rows(): NumberedChunk[] {
  let line = 1;
  const chunk = (step: string, n: number, data: string): NumberedChunk => {
    const of = { firstLine: line, lines: 2, step, attempt: 1, execution: 1, chunk: n, at: 100 + line };
    const one = { ...of, data: Buffer.from(data) };
    line += 2;
    return one;
  };
  return Array.from({ length: 42 }, (_, i) =>
    i % 20 === 1
      ? chunk('lint', Math.floor(i / 20), `iline ${i}\nw\n`)
      : chunk('scan', i - (i > 1 ? 1 : 0) - (i > 21 ? 1 : 0), `inumber ${i} sec\nret ${i}\n`),
  );
}

/** The journal that numbered them. */
function factsFor({ chunks }: LogRows): ReturnType<typeof factsOf> {
  const entries = chunks.map(({ step, execution, chunk, lines, data, at }, i) => {
    const event = { type: 'log', step, execution, chunk, lines, bytes: data.length, sha256: sha256(data) };
    return { seq: i + 1, at, kind: 'fact', event };
  });
  return factsOf([{ first: 1, entries } as unknown as Page]);
}

function read(store: LogRows, heldBytes: number, redactor = NO_REDACTOR): ReturnType<typeof readEndedLog> {
  return readEndedLog(store, { ...OF, facts: factsFor(store) }, redactor, heldBytes);
}

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function fileOf(store: LogRows): UnheldFile {
  const bytes = store.whole('scan');
  return { path: 'logs/000001.log', step: 'scan', execution: 1, chunks: 40, size: bytes.length, sha256: sha256(bytes) };
}

it('holds streams while there is room, and of the others what the manifest says of them', async () => {
  const store = new LogRows(rows());
  const { chunks, streams } = await read(store, 100);
  expect(chunks).toEqual(store.chunks.map(({ data: _data, ...rest }) => rest));
  const [lint, scan] = streams;
  expect([lint?.step, text(lint?.data as Uint8Array)]).toEqual(['lint', text(store.whole('lint'))]);
  const whole = store.whole('scan');
  expect(scan).toEqual({ step: 'scan', execution: 1, data: { size: whole.length, sha256: sha256(whole) } });
  expect((await read(store, 1e6)).streams.map(({ data }) => data instanceof Uint8Array)).toEqual([true, true]);
});

it('finds a secret of which one chunk has the beginning and the next one the end', async () => {
  const store = new LogRows(rows());
  const [first, second] = [store.chunks[6], store.chunks[7]];
  Object.assign(first ?? {}, { data: Buffer.from('inumber 6 hunter2-hun') });
  Object.assign(second ?? {}, { data: Buffer.from('ter3\nret 7\n') });
  const { streams } = await read(store, 100, Redactor.of([Buffer.from('hunter2-hunter3')]));
  expect(streams[1]?.data).toEqual({ path: 'logs/000001.log', withheld: 'secret' });
});

it('gives the same bytes again, a few chunks at a time', async () => {
  const store = new LogRows(rows());
  const all = await collected(piecesOf(store, OF, fileOf(store)));
  expect(text(all)).toBe(text(store.whole('scan')));
  expect(store.most).toBeLessThanOrEqual(16);
});

it.each([
  [
    'altered',
    (store: LogRows) => store.chunks.splice(30, 1, { ...(store.chunks[30] as NumberedChunk), data: Buffer.from('x') }),
  ],
  ['gone', (store: LogRows) => store.chunks.splice(30, 1)],
])('does not end well where a chunk is %s meanwhile', async (_how, change) => {
  const store = new LogRows(rows());
  const file = fileOf(store);
  change(store);
  await expect(collected(piecesOf(store, OF, file))).rejects.toMatchObject({ code: 'OBJECT_DIGEST_MISMATCH' });
});
