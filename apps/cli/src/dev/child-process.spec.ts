import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildProcess } from './child-process';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'taskrunner-child-'))));
afterEach(() => rmSync(folder, { recursive: true }));

type Waiting = Pick<Parameters<typeof ChildProcess.start>[0], 'readyMs' | 'onWait' | 'noticeMs'>;

const start = (script: string, waiting: Waiting = {}) => {
  const path = join(folder, 'child.js');
  writeFileSync(path, script);
  return ChildProcess.start({ name: 'worker', args: [path], env: {}, logPath: join(folder, 'child.log'), ...waiting });
};

describe('a process of the stack that does not start', () => {
  it('was not ready in time: says so, not that it was killed for it', async () => {
    const starting = start('console.log("still loading"); setInterval(() => undefined, 1_000);', { readyMs: 500 });
    await expect(starting).rejects.toMatchObject({
      code: 'DEV_START_FAILED',
      message: expect.stringMatching(/^the worker did not start: was not ready after 0\.5 s/) as string,
      remediation: expect.stringMatching(/child\.log\. The process was still running.*--start-timeout/) as string,
    });
  });

  it('ended by itself: says how, and what it wrote last', async () => {
    const starting = start('console.error("no such database"); process.exitCode = 3;');
    await expect(starting).rejects.toMatchObject({
      message: expect.stringMatching(/^the worker did not start: .*3.*\nno such database/s) as string,
    });
  });
});

describe('a process of the stack that starts slowly', () => {
  it('is waited for while it lives: what is awaited, and its last line, are said at intervals', async () => {
    const texts: string[] = [];
    // It becomes ready when both texts have been said, so that the test does not depend on the speed of the machine.
    const script = `
      const { existsSync } = require('node:fs');
      const isThere = (name) => existsSync(${JSON.stringify(folder)} + '/' + name);
      const speak = setInterval(() => isThere('silent') && (clearInterval(speak), console.log('loading keys')), 5);
      const end = setInterval(() => isThere('spoken') && (clearInterval(end), console.log('{"ready":"worker"}')), 5);
      process.stdin.on('end', () => process.exit()).resume();`;
    const child = await start(script, {
      noticeMs: 20,
      onWait: (text) => {
        texts.push(text);
        writeFileSync(join(folder, text.includes('loading keys') ? 'spoken' : 'silent'), '');
      },
    });
    await child.stop();
    const [first = '', last = ''] = [texts[0], texts.at(-1)];
    expect(first).toMatch(
      /^waiting for the worker, \d+ s so far: its process runs and has printed nothing yet \(.*child\.log\)$/,
    );
    expect(last).toMatch(/its process runs and last printed: loading keys \(/);
  });

  it('is not mentioned if it is ready before', async () => {
    const onWait = jest.fn();
    const child = await start(`console.log('{"ready":"worker"}'); process.stdin.resume();`, { onWait });
    await child.stop();
    expect(onWait).not.toHaveBeenCalled();
  });
});
