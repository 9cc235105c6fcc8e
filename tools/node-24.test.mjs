import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findNode24, withNode } from './node-24.mjs';

const folder = mkdtempSync(join(tmpdir(), 'taskrunner-node-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** A program that reports this version. */
const program = (name, version) => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho ${version}\n`);
  chmodSync(path, 0o755);
  return path;
};
const old = 'v20.19.0';

test('the program that is named is taken, and refused if it is another release or absent', () => {
  const right = program('right', 'v24.1.0');
  assert.deepEqual(findNode24({ TASKRUNNER_NODE_24: right }, old), { program: right });
  assert.match(findNode24({ TASKRUNNER_NODE_24: program('wrong', 'v22.1.0') }, old).failed, /is not Node 24/);
  assert.match(findNode24({ TASKRUNNER_NODE_24: join(folder, 'absent') }, old).failed, /is not Node 24/);
});

test('without a name it is looked for on the path; absence is a notice, and in CI a failure', () => {
  assert.match(findNode24({ PATH: folder }, old).skipped, /there is no Node 24/);
  assert.match(findNode24({ PATH: folder, CI: 'true' }, old).failed, /there is no Node 24/);
  const path = program('node24', 'v24.1.0');
  assert.deepEqual(findNode24({ PATH: `/nowhere:${folder}`, CI: 'true' }, old), { program: path });
});

test('on Node 24 the round is left out', () => {
  assert.match(findNode24({ CI: 'true' }, 'v24.1.0').skipped, /already/);
});

test('children find the program as node', () => {
  const path = program('other', 'v24.9.9');
  assert.equal(
    withNode(path, (env) => execFileSync('node', ['--version'], { env, encoding: 'utf8' })),
    'v24.9.9\n',
  );
});
