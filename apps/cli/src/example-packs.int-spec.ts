import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_ENVIRONMENT } from './testing/node-environment';

// The built program, as scripts start it: `npm run build` first.
const PROGRAM = join(__dirname, '..', 'bin', 'taskrunner.js');
const PACKS = join(__dirname, '..', '..', '..', 'etc', 'packs');

interface Tested {
  readonly passed: number;
  readonly failed: number;
}

describe('the example packs', () => {
  const names = readdirSync(PACKS).sort();

  it('are more than ten', () => {
    expect(names.length).toBeGreaterThan(10);
  });

  it.each(names)('%s is valid and keeps what its scenarios promise', (name) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [PROGRAM, 'test', join(PACKS, name), '--output', 'json'],
      {
        env: { ...NODE_ENVIRONMENT },
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { passed, failed } = JSON.parse(stdout) as Tested;
    expect(failed).toBe(0);
    expect(passed).toBeGreaterThanOrEqual(2);
  });
});
