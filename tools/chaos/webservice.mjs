// An additional webservice of the campaign with other environment variables.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '..', '..', 'apps/webservice/dist/main.js');

/** Starts the webservice. Resolves to its URL when it is ready. */
export async function startWebservice({ configurationPath, env }) {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      TASKRUNNER_CONFIG: configurationPath,
      TASKRUNNER_HTTP_PORT: '0',
      TASKRUNNER_PARENT_WATCH: '1',
      ...env,
    },
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'exit').then(() => null);
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready"')) resolve(JSON.parse(line));
    });
  });
  const facts = await Promise.race([ready, ended]);
  if (facts === null) throw new Error('the webservice does not start');
  return {
    url: facts.url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
