import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodedError } from '@taskrunner/core/foundation';
import { ThreadLife } from './thread-life';

class Refused extends CodedError<string> {}
const refused = (code: string) => () => new Refused(code, code, code);

/** Sleeps or works for as long as it is asked, with the id of its thread or without. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { readlinkSync } = require('node:fs');
const cell = new Int32Array(new SharedArrayBuffer(4));
parentPort.on('message', ({ kind, asked }) => {
  if (kind === 'sleep') Atomics.wait(cell, 0, 0, asked);
  else for (const until = Date.now() + asked; Date.now() < until; );
  parentPort.postMessage({ kind: 'answer', answer: kind });
});
const thread = workerData ? Number(readlinkSync('/proc/thread-self').split('/').pop()) : null;
parentPort.postMessage({ kind: 'ready', thread });
`;

let folder: string;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'threads-'));
  script = join(folder, 'thread.js');
  writeFileSync(script, SCRIPT);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function asked(kind: 'sleep' | 'work', ms: number, isCounted = true): Promise<unknown> {
  const errors = { tookTooLong: refused('LATE'), tookTooMuch: refused('MUCH'), starved: refused('STARVED') };
  const limits = { memory: 64 * 1024 ** 2, time: 200, threads: 1, queue: 1 };
  const made = { name: 'thread', script, context: isCounted, limits, ...errors };
  const life = new ThreadLife({ ...made, busy: refused('BUSY'), unavailable: refused('GONE') }, () => undefined);
  const answer = await life.ask({ kind, asked: ms }, []).catch((error: unknown) => (error as Refused).code);
  await life.end();
  return answer;
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;
onLinux('a task with a limit of 200 ms', () => {
  it.each([
    ['goes on if it got no processor time meanwhile', 'sleep', 400, true, 'sleep'],
    ['is starved if that lasts', 'sleep', 60_000, true, 'STARVED'],
    ['ends if it works longer', 'work', 60_000, true, 'LATE'],
    ['ends after 200 ms where processor time is unknown', 'sleep', 60_000, false, 'LATE'],
  ] as const)('%s', async (_name, kind, ms, isCounted, answer) => {
    expect(await asked(kind, ms, isCounted)).toBe(answer);
  });
});
