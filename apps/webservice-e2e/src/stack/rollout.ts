import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT, type DevStack } from './stack';
import { NODE_ENVIRONMENT } from './node-environment';

/** A service of a stack in a separate process, like a pod. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly name: string,
    /** URL of the API; empty for a worker. */
    readonly url: string,
    readonly health: string,
    readonly log: string[],
  ) {}

  /** Starts it. Resolves when it is ready. `env`: variables that override the stack's configuration. */
  static async start(
    stack: DevStack,
    service: 'webservice' | 'worker',
    name: string,
    env: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess> {
    // Separate folders, because a worker empties its folder at its start.
    const workDirectory = join(stack.stateDirectory, 'rollout', name);
    mkdirSync(workDirectory, { recursive: true, mode: 0o711 });
    const child = spawn(process.execPath, [join(ROOT, 'apps', service, 'dist/main.js')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...NODE_ENVIRONMENT,
        TASKRUNNER_CONFIG: stack.configurationPath,
        TASKRUNNER_HTTP_PORT: '0',
        TASKRUNNER_PARENT_WATCH: '1',
        TASKRUNNER_WORKER_NAME: name,
        TASKRUNNER_SANDBOX_WORK_DIRECTORY: workDirectory,
        ...env,
      },
    });
    child.stdin.on('error', () => undefined);
    const log: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const ready = new Promise<Record<string, string>>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"ready"')) resolve(JSON.parse(line) as Record<string, string>);
      });
    });
    const facts = await Promise.race([ready, once(child, 'exit').then(() => null)]);
    if (facts === null) throw new Error(`${name} did not start:\n${log.join('\n')}`);
    return new ServiceProcess(child, name, facts['url'] ?? '', facts['health'] ?? '', log);
  }

  /** Sends SIGTERM like a rollout. Resolves to the exit code, null after a signal. */
  async terminate(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill('SIGTERM');
    const [code] = await ended;
    return code;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
