import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, startStack, type DevStack } from '../stack/stack';
import { startReceiver, WEBHOOK_SECRET, type Receiver } from '../stack/webhook-receiver';

/** An approval rule `owners` of a pack. `more`: further members. */
export const owners = (more = ''): string =>
  `  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1${more} } ]\n`;
/** A policy `p` of a pack. `more`: further sections. */
export const policy = (engine: string, level: string, source: string, more = ''): string =>
  `${more}  policies: [ { id: p, engine: ${engine}, level: ${level}, source: ${JSON.stringify(source)} } ]\n`;
export const NOOP = '{ uses: "builtin:noop" }';

/** The stack of the tests of gates, with a receiver of webhooks. Members other than functions are available only after `start`. */
export class GateStack {
  folder!: string;
  stack!: DevStack;
  receiver!: Receiver;
  ada!: Caller;
  grace!: Caller;
  linus!: Caller;

  async start(): Promise<void> {
    this.folder = mkdtempSync(join(tmpdir(), 'taskrunner-gates-'));
    this.receiver = await startReceiver();
    const secretFile = join(this.folder, 'webhook.secret');
    writeFileSync(secretFile, `${WEBHOOK_SECRET}\n`, { mode: 0o600 });
    const endpoint = { tenant: 'acme', url: this.receiver.url, secretFile, cidr: '127.0.0.0/8' };
    this.stack = await startStack(join(this.folder, 'state'), {
      configuration: {
        worker: { lease: '5s' },
        // The first plan of a policy loads its engine, which takes longer than 2 s beside much other work.
        limits: { planTime: '30s' },
        approvals: {
          grants: ['role:sec-lead'],
          people: [
            { iss: 'https://elsewhere.test', sub: 'grace', grants: ['role:sec-lead'] },
            { iss: 'https://elsewhere.test', sub: 'linus' },
          ],
        },
        webhooks: { endpoints: [endpoint], firstRetry: '50ms', longestRetry: '200ms' },
      },
    });
    this.ada = new Caller(this.stack.server, await this.stack.tokenFor('ada'));
    this.grace = new Caller(this.stack.server, await this.stack.tokenFor('grace'));
    this.linus = new Caller(this.stack.server, await this.stack.tokenFor('linus'));
  }

  async stop(): Promise<void> {
    await this.stack?.stop();
    await this.receiver?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the command line. */
  readonly cli = async (
    args: readonly string[],
    token = '',
  ): Promise<{ readonly status: number; readonly out: string; readonly err: string }> => {
    const env = { ...process.env, TASKRUNNER_SERVER: this.stack.server, TASKRUNNER_TOKEN: token };
    const { status, stdout, stderr } = await this.stack.taskrunner(args, env);
    return { status, out: stdout, err: stderr };
  };

  /** The checks of a run's offline verification. All of them must pass. */
  readonly verified = async (run: string): Promise<Readonly<Record<string, { basis: string; detail: string }>>> => {
    const file = join(this.folder, `${run}.tar`);
    writeFileSync(file, await this.ada.sealed(run));
    const { status, out, err } = await this.cli([
      'verify',
      file,
      '--trust',
      this.stack.trustPath,
      '--allow-dev',
      '--json',
    ]);
    const { checks } = JSON.parse(out || '{}') as {
      checks: { name: string; ok: boolean; basis: string; detail: string }[];
    };
    if (status !== 0) throw new Error(`${err} ${JSON.stringify(checks.filter(({ ok }) => !ok))}`);
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  };

  /** The error of an ended run. */
  readonly errorOf = async (run: string): Promise<unknown> =>
    (await this.ada.until(run, ['failed', 'succeeded']))['error'];

  /** Statuses of the steps of a run, by id. */
  readonly stepsOf = async (run: string): Promise<Record<string, string>> => {
    const { body } = await this.ada.ask('GET', `/api/runs/${run}/steps`);
    return Object.fromEntries(
      (body['items'] as { id: string; status: string }[]).map(({ id, status }) => [id, status]),
    );
  };
}
