import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptFolder } from './script-folder';
import { Supervisor, type Expiry } from './supervisor';
import { killHolders } from './supervisor-process/process-table';
import { monotonicMs } from './supervisor-process/protocol';

const sh = (script: string) => ({ argv: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });

function alive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not come about within half a minute');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Collects the output of a child. */
class Capture {
  stdout = '';
  stderr = '';

  async onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void> {
    this[stream] += Buffer.from(chunk).toString();
  }
}

describe('Supervisor', () => {
  let supervisor: Supervisor;
  const expired: Expiry[] = [];
  beforeAll(() => void (supervisor = Supervisor.start({ onExpired: (expiry) => expired.push(expiry) })));
  afterAll(() => supervisor.close());

  it.each([
    ['exit 0', 0, ''],
    ['exit 7', 7, ''],
    ['echo out; echo err >&2; echo again >/dev/stderr; cat', 0, 'out\n'],
  ])('runs %s', async (script, code, stdout) => {
    const capture = new Capture();
    const child = await supervisor.run({ ...sh(script), stdin: '' }, capture);
    expect(await child.exit).toEqual({ code, signal: null, killed: null });
    expect(capture.stdout).toBe(stdout);
    if (stdout !== '') expect(capture.stderr).toBe('err\nagain\n');
  });

  it('gives a child its input, in whatever form, and survives one that does not read it', async () => {
    const large = 'x'.repeat(1_000_000);
    async function* parts() {
      yield new TextEncoder().encode(large);
      yield new TextEncoder().encode('yz');
    }
    for (const [stdin, length] of [
      [large, 1_000_000],
      [new TextEncoder().encode('abc'), 3],
      [parts(), 1_000_002],
    ] as const) {
      const capture = new Capture();
      await (
        await supervisor.run({ ...sh('wc -c'), stdin }, capture)
      ).exit;
      expect(Number(capture.stdout)).toBe(length);
    }
    expect(await (await supervisor.run({ ...sh('exit 3'), stdin: large }, new Capture())).exit).toMatchObject({
      code: 3,
    });
  });

  it('says why a child could not start', async () => {
    const nothing = { argv: ['/nonexistent/tool'], env: {}, cwd: '/' };
    await expect((await supervisor.run(nothing, new Capture())).exit).rejects.toMatchObject({ code: 'START_FAILED' });
  });

  it('holds a child back while its reader is busy, and loses nothing', async () => {
    let received = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const marker = join(tmpdir(), `written-${process.pid}`);
    const child = await supervisor.run(sh(`head -c 3000000 /dev/zero; echo done > ${marker}`), {
      onOutput: async (_stream, chunk) => {
        received += chunk.length;
        await gate;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(() => readFileSync(marker)).toThrow();
    expect(received).toBeLessThan(400_000);
    open();
    expect(await child.exit).toMatchObject({ code: 0 });
    expect(received).toBe(3_000_000);
    await rm(marker);
  });

  it('leaves a chunk as it is until its promise is settled', async () => {
    const read = { stdout: '', stderr: '' };
    const child = await supervisor.run(sh('seq 200000; seq 100000 >&2'), {
      onOutput: async (stream, chunk) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        read[stream] += Buffer.from(chunk).toString();
      },
    });
    expect(await child.exit).toMatchObject({ code: 0 });
    const counted = (last: number) => Array.from({ length: last }, (_, i) => `${i + 1}\n`).join('');
    expect(read.stdout === counted(200_000)).toBe(true);
    expect(read.stderr === counted(100_000)).toBe(true);
  });

  it('kills a child whose reader fails, and says so', async () => {
    const child = await supervisor.run(sh('yes'), { onOutput: () => Promise.reject(new Error('disk full')) });
    await expect(child.exit).rejects.toThrow('disk full');
  });

  it('stops by SIGTERM first', async () => {
    const capture = new Capture();
    const child = await supervisor.run(
      sh('trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.02; done'),
      capture,
    );
    await until(() => capture.stdout === 'up\n');
    expect(await child.stop(5_000)).toEqual({ code: 5, signal: null, killed: 'stop' });
    expect(capture.stdout).toBe('up\nbye\n');
  });

  it('stops by SIGKILL what ignores SIGTERM, with everything it started', async () => {
    const capture = new Capture();
    const script = 'trap "" TERM; sleep 100 & echo $!; (set -m; sleep 100 & echo $!); echo up; sleep 100';
    const child = await supervisor.run(sh(script), capture);
    await until(() => capture.stdout.endsWith('up\n'));
    const pids = capture.stdout.split('\n').slice(0, 2).map(Number);
    expect(pids.map(alive)).toEqual([true, true]);
    expect(await child.stop(50)).toEqual({ code: null, signal: 'SIGKILL', killed: 'stop' });
    expect(pids.map(alive)).toEqual([false, false]);
  });

  it('leaves nothing behind when a child ends by itself', async () => {
    const capture = new Capture();
    const child = await supervisor.run(sh('sleep 100 >/dev/null & echo $!'), capture);
    await child.exit;
    expect(alive(Number(capture.stdout))).toBe(false);
  });

  it('kills at the deadline, not before, and starts nothing until it is renewed', async () => {
    supervisor.renew(60_000);
    const capture = new Capture();
    const place = { tenant: 'acme', runId: 'run_1', step: 'act', execution: 2 };
    const child = await supervisor.run({ ...sh('trap "" TERM; echo up; sleep 100'), place }, capture);
    await until(() => capture.stdout === 'up\n');
    const deadline = monotonicMs() + 1_500;
    supervisor.renew(1_000);
    supervisor.renew(1_500);
    // The child alone would outlast the timeout of this test. Under load it is killed after the deadline, never before.
    expect(await child.exit).toMatchObject({ signal: 'SIGKILL', killed: 'deadline' });
    expect(monotonicMs()).toBeGreaterThanOrEqual(deadline);
    expect(expired).toEqual([{ deadline: expect.any(Date), steps: [place] }]);
    const late = await supervisor.run(sh('exit 0'), new Capture());
    await expect(late.exit).rejects.toMatchObject({ code: 'SUPERVISOR_EXPIRED' });
    const reported: string[] = [];
    const stop = new AbortController();
    const may = supervisor.renewed(new AbortController()).then(() => reported.push('renewed'));
    const stopped = supervisor.renewed(stop).then(() => reported.push('stopped'));
    stop.abort();
    await stopped;
    // A renewal that was sent too long ago has no effect.
    supervisor.renew(50, monotonicMs() - 10_000);
    expect(reported).toEqual(['stopped']);
    supervisor.renew(600_000);
    await may;
    await supervisor.renewed(new AbortController());
    expect(await (await supervisor.run(sh('exit 0'), new Capture())).exit).toMatchObject({ code: 0 });
  });

  it('fails the attempts, not the worker, when the supervisor is lost, and starts again', async () => {
    const capture = new Capture();
    const child = await supervisor.run(sh('trap "" TERM; echo $$; sleep 100'), capture);
    await until(() => capture.stdout !== '');
    const first = supervisor.pid;
    process.kill(first ?? 0, 'SIGKILL');
    await expect(child.exit).rejects.toMatchObject({ code: 'SUPERVISOR_LOST' });
    expect(alive(Number(capture.stdout))).toBe(false);
    expect(await (await supervisor.run(sh('exit 4'), new Capture())).exit).toMatchObject({ code: 4 });
    expect(supervisor.pid).not.toBe(first);
  });

  it('runs many at once', async () => {
    const exits = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (await supervisor.run(sh(`exit ${i}`), new Capture())).exit),
    );
    expect(exits.map((exit) => exit.code)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });
});

it('finds a child of which nobody has told, by what it has open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holders-'));
  const [path, other] = [join(folder, 'output'), join(folder, 'other')];
  const start = (file: string) => spawn('/bin/sh', ['-c', `exec >${file}; sleep 100 & sleep 100`], { detached: true });
  const [child, stranger] = [start(path), start(other)];
  await until(() => existsSync(path) && existsSync(other));
  await until(() => killHolders([path]));
  expect([child, stranger].map(({ pid = 0 }) => alive(pid))).toEqual([false, true]);
  await until(() => killHolders([other]));
  expect(alive(stranger.pid ?? 0)).toBe(false);
  await rm(folder, { recursive: true });
});

describe('a worker that is gone', () => {
  it.each([
    ['killed', 'SIGKILL', [false, false, false]],
    // A stopped worker cannot renew. Its children die at the deadline, while the supervisor waits for it.
    ['stopped', 'SIGSTOP', [false, false, true]],
  ] as const)('(%s) takes all its children with it', async (_how, signal, left) => {
    const folder = await mkdtemp(join(tmpdir(), 'worker-'));
    // A minimal worker that speaks the protocol to its own supervisor, like `Supervisor`.
    const script = 'trap "" TERM HUP INT; sleep 300 & echo $! $$ >pids.new; mv pids.new pids; wait; sleep 300';
    const run = {
      type: 'run',
      id: 1,
      argv: ['/bin/sh', '-c', script],
      env: { PATH: '/usr/bin:/bin' },
      stdin: null,
      handover: null,
    };
    const main = join(scriptFolder('supervisor-process'), 'main.js');
    const source = `
      const { spawn, execFileSync } = require('node:child_process');
      const { openSync } = require('node:fs');
      execFileSync('mkfifo', ['o', 'e']);
      openSync('o', 'r+');
      openSync('e', 'r+');
      const supervisor = spawn(process.execPath, [${JSON.stringify(main)}, ''], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
      const send = (message) => supervisor.stdin.write(JSON.stringify(message) + '\\n');
      const renew = () => send({ type: 'renew', until: Number(process.hrtime.bigint() / 1000n) / 1000 + 2_000 });
      renew();
      setInterval(renew, 50);
      send({ ...${JSON.stringify(run)}, cwd: process.cwd(), stdout: process.cwd() + '/o', stderr: process.cwd() + '/e' });
      console.log(supervisor.pid);`;
    const worker = spawn(process.execPath, ['-e', source], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    worker.stdout.on('data', (chunk) => (printed += String(chunk)));
    const pids = () => `${readOrNothing(join(folder, 'pids')).trim()} ${printed.trim()}`.split(' ').map(Number);
    await until(() => pids().length === 3 && pids().every((pid) => pid > 0));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(pids().map(alive)).toEqual([true, true, true]);
    worker.kill(signal);
    await until(() => pids().map(alive).join() === left.join());
    worker.kill('SIGKILL');
    await until(() => !pids().some(alive));
    await rm(folder, { recursive: true });
  });
});

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
