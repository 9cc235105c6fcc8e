// Programs of this machine, run to their end or in the background.
import { spawn } from 'node:child_process';

/** An error with an explanation. */
export class Failure extends Error {}

/** Runs a program to its end; resolves to its output, rejects with its error output. */
export function must(command, args, { input, env = process.env, cwd, expected = [0], onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    let out = '';
    let said = '';
    child.stdout.on('data', (data) => ((out += data), onLine?.(String(data))));
    child.stderr.on('data', (data) => ((said += data), onLine?.(String(data))));
    child.once('error', (error) => reject(new Failure(`${command} cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (expected.includes(code)) resolve(out);
      else
        reject(
          new Failure(
            `${command} ${args.slice(0, 3).join(' ')} ended with ${signal ?? code}\n${(said + out).slice(-4_000)}`,
          ),
        );
    });
    // A program that has ended without reading it says why by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Starts a server; `stop` ends it. */
export function start(command, args, { env = process.env } = {}) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => log.push(String(data)));
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.once('error', (error) => log.push(error.message));
  return {
    log: () => log.join('').slice(-4_000),
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([ended, pause(5_000)]);
      child.kill('SIGKILL');
    },
  };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until the answer is not null; a query that throws is repeated. */
export async function until(what, question, seconds = 60) {
  let last = '';
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; await pause(250)) {
    try {
      const answer = await question();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
    } catch (error) {
      if (error instanceof Failure) throw error;
      last = `: ${error.message}`;
    }
  }
  throw new Failure(`${what}: not within ${seconds} s${last}`);
}
