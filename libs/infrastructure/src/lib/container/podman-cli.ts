import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { refusal } from './container-error';

const MAX_ANSWER = 4 * 1024 * 1024;
const REPEAT_AFTER_MS = [100, 400];

/** Invocation of `podman`. */
export interface PodmanProgram {
  /** Absolute path. */
  readonly path: string;
  /** OCI runtime such as crun or runc; null: the default of podman. */
  readonly runtime: string | null;
  /** Timeout of one call, except for a pull. Milliseconds. */
  readonly timeoutMs: number;
}

interface PodmanAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs short podman commands, one at a time. They get a constructed environment and inherit nothing from the worker's. */
export class PodmanCli {
  readonly environment: { readonly [name: string]: string };

  constructor(private readonly program: PodmanProgram) {
    const { HOME, XDG_RUNTIME_DIR, PATH } = process.env;
    this.environment = {
      PATH: PATH ?? '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      LANG: 'C.UTF-8',
      PODMAN_IGNORE_CGROUPSV1_WARNING: '1',
      ...(HOME === undefined ? {} : { HOME }),
      ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
    };
  }

  /** The complete command line. */
  argv(args: readonly string[]): string[] {
    const { path, runtime } = this.program;
    return [path, ...(runtime === null ? [] : ['--runtime', runtime]), ...args];
  }

  /** Runs a command to its end. Rejects with `ENGINE_UNAVAILABLE` if it cannot be started, and with `ENGINE_LOST` on a timeout. */
  call(
    args: readonly string[],
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number | null } = {},
  ): Promise<PodmanAnswer> {
    const [command = '', ...rest] = this.argv(args);
    const verb = args[0] ?? '';
    const { signal, timeoutMs = this.program.timeoutMs } = options;
    return new Promise((resolve, reject) => {
      const child = spawn(command, rest, { cwd: '/', env: { ...this.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
      let isLate = false;
      const kill = () => child.kill('SIGKILL');
      const late = () => {
        isLate = true;
        kill();
      };
      const timer = timeoutMs === null ? undefined : setTimeout(late, timeoutMs);
      signal?.addEventListener('abort', kill);
      const said = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          if (said[name].length < MAX_ANSWER) said[name] += text;
        });
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', kill);
      };
      child.once('error', (error) => {
        done();
        reject(refusal('ENGINE_UNAVAILABLE', `${command} cannot be started`, error));
      });
      // `close` would be too late: conmon may hold a pipe open for the lifetime of a container.
      child.once('exit', (code) => {
        done();
        afterPoll(() => {
          if (isLate) reject(refusal('ENGINE_LOST', `podman ${verb} took longer than ${timeoutMs} ms`));
          else resolve({ code, ...said });
        });
      });
    });
  }

  /** Runs an idempotent command again if it fails. A podman process may fail because others change its storage at the same time. */
  async repeat(args: readonly string[]): Promise<PodmanAnswer> {
    for (const pauseMs of REPEAT_AFTER_MS) {
      const answer = await this.call(args);
      if (answer.code === 0) return answer;
      await pause(pauseMs);
    }
    return this.call(args);
  }

  /** Runs a command and returns its output. Throws `START_FAILED` if its exit code is not 0. */
  async ask(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call(args);
    if (code !== 0) throw refusal('START_FAILED', `podman ${args[0] ?? ''}: ${lastLine(stderr)}`);
    return stdout.trim();
  }
}

/**
 * Continues when everything is read that a child had written before its `exit` event. That event may come before the child's last output:
 * the end of another child makes libuv look for all ended children, after it has polled the pipes. The poll that follows the first
 * `setImmediate` finds the output.
 */
function afterPoll(proceed: () => void): void {
  setImmediate(() => setImmediate(proceed));
}

/** The last line of podman's output is the error message. */
export function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 500);
}
