import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { ROOT, type DevStack } from './stack';

/** Further webservices of a stack: processes of their own that may be killed. */
export class Replicas {
  private readonly running = new Set<ChildProcess>();

  constructor(
    private readonly stack: DevStack,
    /** Variables over the stack's configuration. */
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  get count(): number {
    return this.running.size;
  }

  /** Starts one; resolves when it is ready, or has ended before that. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, 'apps/webservice/dist/main.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        TASKRUNNER_CONFIG: this.stack.configurationPath,
        TASKRUNNER_HTTP_PORT: '0',
        TASKRUNNER_PARENT_WATCH: '1',
        ...this.env,
        ...more,
      },
    });
    this.running.add(child);
    const ended = once(child, 'exit').then(() => this.running.delete(child));
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout });
    await Promise.race([
      ended,
      new Promise<void>((resolve) => lines.on('line', (line) => line.startsWith('{"ready"') && resolve())),
    ]);
  }

  /** SIGKILL to one of them, chosen by `at` in [0, 1). */
  async kill(at: number): Promise<void> {
    const child = [...this.running][Math.floor(at * this.running.size)];
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async killAll(): Promise<void> {
    while (this.running.size > 0) await this.kill(0);
  }
}

/** The stack's database, as superuser: what no user of the product has. */
export async function connectAsAdmin(stack: DevStack): Promise<Client> {
  const { pathname } = new URL(stack.database.ownerUrl);
  const url = Object.assign(new URL(stack.database.adminUrl), { pathname });
  const client = new Client({ connectionString: url.href });
  await client.connect();
  return client;
}
