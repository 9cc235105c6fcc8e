import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { failuresOf, resultsOfTap } from './failures.mjs';

test('a failed test of Jest is named with its file and the beginning of its message', () => {
  const escape = String.fromCharCode(27);
  const report = {
    testResults: [
      { name: '/house/a.spec.ts', status: 'passed', assertionResults: [{ status: 'passed', fullName: 'a' }] },
      {
        name: '/house/libs/b.spec.ts',
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'holds' },
          {
            status: 'failed',
            fullName: 'b fails',
            failureMessages: [`${escape}[31mexpected 1\n\n got 2${escape}[39m`],
          },
        ],
      },
      { name: '/house/c.spec.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
    ],
  };
  assert.deepEqual(failuresOf(report, '/house'), [
    'failed: libs/b.spec.ts: b fails',
    '    expected 1',
    '     got 2',
    'failed: c.spec.ts',
    '    Cannot find module',
  ]);
});

test("a failed test of Node's runner is named once, by its own name", () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-failures-'));
  const file = join(folder, 'one.test.mjs');
  writeFileSync(
    file,
    `import { describe, test } from 'node:test';
describe('outer', () => {
  test('holds', () => {});
  test('breaks', () => { throw new Error('because of this'); });
});
`,
  );
  // Inside a run of Node's runner a nested one reports to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { encoding: 'utf8', env });
  rmSync(folder, { recursive: true });
  assert.deepEqual(failuresOf({ testResults: resultsOfTap(stdout) }, folder), [
    'failed: one.test.mjs: breaks',
    "    'because of this'",
  ]);
});
