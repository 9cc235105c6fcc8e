// Node.js 24, the recommended release, for the round of `npm run test:all` that runs the suite on it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const isNode24 = (program) => {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.startsWith('v24.');
};

/**
 * Locates Node 24: `{ program }`, or `{ skipped }` or `{ failed }` with the reason. A configured program must exist; one that is searched
 * for must exist in CI.
 */
export function findNode24(env = process.env, version = process.version) {
  if (version.startsWith('v24.')) return { skipped: 'the other rounds run on Node 24 already' };
  const named = env.TASKRUNNER_NODE_24;
  if (named) {
    const program = resolve(named);
    return isNode24(program) ? { program } : { failed: `TASKRUNNER_NODE_24 is not Node 24: ${named}` };
  }
  const found = (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'node24'))
    .find(isNode24);
  if (found) return { program: found };
  const reason = 'there is no Node 24: name it in TASKRUNNER_NODE_24, or put node24 on the path';
  return env.CI === 'true' ? { failed: reason } : { skipped: reason };
}

/** Calls `use` with environment variables for a process whose `node`, like that of its children, is `program`. */
export function withNode(program, use, env = process.env) {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-node-'));
  try {
    symlinkSync(program, join(folder, 'node'));
    return use({ ...env, PATH: `${folder}${delimiter}${env.PATH ?? ''}` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
