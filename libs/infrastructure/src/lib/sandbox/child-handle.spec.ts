import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { ChildHandle } from './child-handle';
import { Pipes } from './launch/pipes';

let pipes: Pipes;
beforeEach(() => (pipes = new Pipes(tmpdir())));
afterEach(() => pipes.close());

/** A child that writes to both outputs as if in a process of its own. */
async function aChild() {
  const [stdout, stderr] = await Promise.all([pipes.fromChild(), pipes.fromChild()]);
  const [out, err] = [stdout, stderr].map(({ path }) => openSync(path, constants.O_WRONLY)) as [number, number];
  let read = '';
  const onOutput = async (_stream: string, chunk: Uint8Array) => void (read += Buffer.from(chunk).toString());
  const handle = new ChildHandle(null, stdout, stderr, {}, { onOutput }, () => undefined);
  handle.hear({ type: 'started', id: 1, pid: process.pid });
  const ended = () => handle.hear({ type: 'exit', id: 1, code: 0, signal: null, killed: null, ran: true });
  return { handle, out, err, ended, read: () => read };
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('reads what a child has written, however long this process was busy when the child ended', async () => {
  const { handle, out, err, ended, read } = await aChild();
  // Nothing was written for a while.
  await new Promise((go) => setTimeout(go, 300));
  // From here on, timers are due before files are looked at.
  await new Promise((go) => setImmediate(go));
  writeSync(out, 'the last line');
  closeSync(out);
  closeSync(err);
  ended();
  block(1_500);
  expect(await handle.exit).toEqual({ code: 0, signal: null, killed: null });
  expect(read()).toBe('the last line');
});

it('does not wait for an output that a process holds open which outlives the child', async () => {
  const { handle, out, err, ended, read } = await aChild();
  writeSync(out, 'of the child');
  closeSync(err);
  ended();
  expect(await handle.exit).toEqual({ code: 0, signal: null, killed: null });
  expect(read()).toBe('of the child');
  closeSync(out);
});
