// `npm run test:all`: `npm test`, then the rounds that take too long for every change. All of them run; one that fails fails the whole.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const jest = (project, pattern) => ['node_modules/jest/bin/jest.js', '-c', `${project}/jest.config.js`, pattern];

const ROUNDS = [
  { name: 'tests', command: ['tools/test.mjs'], env: { TASKRUNNER_TESTS: 'all' } },
  { name: 'forgeries', command: ['tools/forge/main.mjs', '--each', '3'] },
  { name: 'seeds', command: jest('apps/worker', 'harness.spec'), env: { TASKRUNNER_TESTS: 'all' } },
  { name: 'chaos', command: ['tools/chaos/main.mjs', '--kills', '200'] },
];

const failed = [];
for (const { name, command, env } of ROUNDS) {
  console.log(`round: ${name}`);
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? 'all rounds passed' : `failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
