import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT, type DevStack } from './stack';
import { NODE_ENVIRONMENT } from './node-environment';

/** Additional webservices of a stack, as separate processes that may be killed. */
export class Replicas {
  private readonly running = new Set<ChildProcess>();
  private readonly ready = new Set<ChildProcess>();

  constructor(
    private readonly stack: DevStack,
    /** Environment variables that override the stack's configuration. */
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Starts one. Resolves when it is ready or has ended before. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, 'apps/webservice/dist/main.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...NODE_ENVIRONMENT,
        TASKRUNNER_CONFIG: this.stack.configurationPath,
        TASKRUNNER_HTTP_PORT: '0',
        TASKRUNNER_PARENT_WATCH: '1',
        ...this.env,
        ...more,
      },
    });
    this.running.add(child);
    const ended = once(child, 'exit').then(() => {
      this.running.delete(child);
      this.ready.delete(child);
    });
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout });
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => line.startsWith('{"ready"') && resolve());
    });
    await Promise.race([ended, ready.then(() => this.ready.add(child))]);
  }

  /** Sends SIGKILL to one of the ready ones, selected by `at` in [0, 1). Returns false if none is ready. */
  async kill(at: number): Promise<boolean> {
    const child = [...this.ready][Math.floor(at * this.ready.size)];
    if (child) await killed(child);
    return child !== undefined;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.running].map(killed));
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** URL of the stack's database for its superuser, who has more rights than any user of the product. */
export function adminUrlOf({ database }: DevStack): string {
  const { pathname } = new URL(database.ownerUrl);
  return Object.assign(new URL(database.adminUrl), { pathname }).href;
}
