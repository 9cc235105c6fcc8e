// Everything that is checked without running a test, in the order that keeps each check honest: the Nx graph first, because
// the boundary rule of ESLint skips itself (and exits 0) when no graph is cached.
import { spawnSync } from 'node:child_process';

const env = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', FORCE_COLOR: '0' };
const steps = [
  ['graph', 'nx', ['graph', '--file=.nx/graph.json']],
  ['build', 'nx', ['run-many', '-t', 'build', '--outputStyle=stream']],
  ['types', 'nx', ['run-many', '-t', 'typecheck', '--parallel=2', '--outputStyle=stream']],
  ['lint', 'nx', ['run-many', '-t', 'lint', '--parallel=2', '--outputStyle=stream']],
  ['floors', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'libs', 'apps']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['diagrams', 'node', ['tools/draw-house.mjs', '--check']],
];
for (const [name, command, args] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command === 'node' ? process.execPath : `node_modules/.bin/${command}`, args, {
    env,
    stdio: 'inherit',
  });
  if (status !== 0) {
    console.error(`check failed: ${name}`);
    process.exit(1);
  }
  console.log(`check ${name}: ok (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
