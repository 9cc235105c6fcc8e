import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { headOf } from './options.mjs';

const TOOLS = [
  'chaos/main',
  'quickstart',
  'dev-authority/main',
  'forge/main',
  'two-pods',
  'stores',
  'security/main',
  'bench/main',
];

for (const tool of TOOLS) {
  const path = join(import.meta.dirname, '..', `${tool}.mjs`);
  const run = (...words) => spawnSync(process.execPath, [path, ...words], { encoding: 'utf8' });

  test(`tools/${tool} --help prints what its head says`, () => {
    const { status, stdout, stderr } = run('--help');
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 0, stdout: `${headOf(readFileSync(path, 'utf8'))}\n`, stderr: '' },
    );
    assert.ok(stdout.length > 100);
  });

  // Each reads its options with `options.mjs` (last test): in every change the first one shows what that refuses.
  if (tool !== TOOLS[0] && process.env.TASKRUNNER_TESTS !== 'all') continue;
  test(`tools/${tool} refuses an option that it does not have, in one line`, () => {
    const { status, stdout, stderr } = run('--no-such-thing');
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^Unknown option '--no-such-thing'\. The options are --.*, --help\.\n$/);
  });
}

test('no tool reads options in another way', () => {
  const others = readdirSync(join(import.meta.dirname, '..'), { recursive: true }).filter(
    (name) =>
      name.endsWith('.mjs') &&
      !name.includes('node_modules') &&
      !/^command-line[\\/]/.test(name) &&
      readFileSync(join(import.meta.dirname, '..', name), 'utf8').includes('parseArgs'),
  );
  assert.deepEqual(others, []);
});
