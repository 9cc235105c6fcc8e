// Everything that is checked without running a test, two steps at a time.
import { spawn } from 'node:child_process';

const AT_ONCE = 2;
const env = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', FORCE_COLOR: '0' };
const bin = (name) => `node_modules/.bin/${name}`;
const typesAndLint = (folder) => ({
  name: `types and lint of ${folder}`,
  command: [process.execPath, 'tools/types-and-lint.mjs', folder],
});
// A round needs what the one before it made; within it, what takes longest comes first.
const rounds = [
  [
    { name: 'build', command: [bin('tsc'), '-b'] },
    // The boundary rule of ESLint skips itself, and says nothing, when no graph is cached.
    { name: 'graph', command: [bin('nx'), 'graph', '--file=.nx/graph.json'] },
    { name: 'format', command: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
    { name: 'floors and diagrams', command: [process.execPath, 'tools/draw-house.mjs', '--check'] },
  ],
  ['libs/core', 'libs/infrastructure', 'apps/webservice', 'apps/webservice-e2e', 'apps/cli', 'apps/worker'].map(
    typesAndLint,
  ),
];

function run({ name, command: [program, ...args] }) {
  const started = Date.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  return new Promise((resolve) => {
    child.on('error', (error) => (said += String(error)));
    child.on('close', (code) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      if (code !== 0) console.error(`${said}\ncheck failed: ${name}`);
      else console.log(`check ${name}: ok (${seconds} s)`);
      resolve(code === 0);
    });
  });
}

for (const round of rounds) {
  let failed = false;
  const takeTurns = async () => {
    for (let step = round.shift(); step && !failed; step = round.shift()) if (!(await run(step))) failed = true;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
  if (failed) process.exit(1);
}
