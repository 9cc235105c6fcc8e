// `npm run test:all`: `npm test`, then the rounds that take too long for every change. All of them run; a single failure fails the command.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findNode24, withNode } from './node-24.mjs';

const root = join(import.meta.dirname, '..');
const ROUNDS = [
  // Includes the 100 000 seeds of the engine.
  { name: 'tests', command: ['tools/test.mjs'], env: { TASKRUNNER_TESTS: 'all' } },
  // The first command of README and guides.
  { name: 'quickstart', command: ['tools/quickstart.mjs'] },
  { name: 'stores', command: ['tools/stores.mjs'] },
  { name: 'generators', command: ['tools/generators-trial.mjs'] },
  { name: 'forgeries', command: ['tools/forge/main.mjs', '--each', '3'] },
  // The shipped images and manifests, as root.
  {
    name: 'two pods',
    command: ['tools/two-pods.mjs', '--build'],
    needs: ['podman', 'runc', 'kubectl', 'moto_server'],
  },
  { name: 'strangers', command: ['tools/security/main.mjs'] },
  { name: 'chaos', command: ['tools/chaos/main.mjs', '--kills', '200'] },
  { name: 'chaos in a folder', command: ['tools/chaos/main.mjs', '--campaign', 'files', '--kills', '1000'] },
];

const failed = [];
const play = (name, program, command, env) => {
  console.log(`round: ${name}`);
  const { status } = spawnSync(program, command, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) failed.push(name);
};
for (const { name, command, env, needs = [] } of ROUNDS) {
  const missing = needs.filter((program) => spawnSync('which', [program]).status !== 0);
  if (missing.length > 0) console.log(`round: ${name}: skipped, ${missing.join(', ')} is missing`);
  else play(name, process.execPath, command, { ...process.env, ...env });
}

const NODE_24 = 'tests on Node 24';
const found = findNode24();
if (found.program) withNode(found.program, (env) => play(NODE_24, found.program, ['tools/test.mjs'], env));
else console.log(`round: ${NODE_24}: ${found.failed ? 'failed' : 'skipped'}, ${found.failed ?? found.skipped}`);
if (found.failed) failed.push(NODE_24);

console.log(failed.length === 0 ? 'all rounds passed' : `failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
