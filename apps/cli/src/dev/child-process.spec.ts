import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildProcess } from './child-process';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'taskrunner-child-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const start = (script: string, readyMs?: number) => {
  const path = join(folder, 'child.js');
  writeFileSync(path, script);
  const plan = { name: 'worker', args: [path], env: {}, logPath: join(folder, 'child.log') };
  return ChildProcess.start(readyMs === undefined ? plan : { ...plan, readyMs });
};

describe('a process of the stack that does not start', () => {
  it('was not ready in time: says so, not that it was killed for it', async () => {
    const starting = start('console.log("still loading"); setInterval(() => undefined, 1_000);', 500);
    await expect(starting).rejects.toMatchObject({
      code: 'DEV_START_FAILED',
      message: expect.stringMatching(/^the worker did not start: was not ready after 0\.5 s/) as string,
    });
  });

  it('ended by itself: says how, and what it wrote last', async () => {
    const starting = start('console.error("no such database"); process.exitCode = 3;');
    await expect(starting).rejects.toMatchObject({
      message: expect.stringMatching(/^the worker did not start: .*3.*\nno such database/s) as string,
    });
  });
});
