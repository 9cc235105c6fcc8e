import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@taskrunner/core/foundation';
import { Caller, pack, pause, ROOT, startStack, type DevStack } from '../stack/stack';

// Changes of the configuration are rolled out to the workers while runs wait at gates, sleep and execute. Each run ends within a minute, or
// stops with the code that the change implies.

const RUNS = 20;
const MINUTE = 60_000;

type Sections = Record<string, Record<string, unknown>>;
type Kind = 'gate' | 'sleeping' | 'running';

interface Change {
  readonly name: string;
  readonly change: (base: Sections, contents: readonly string[]) => Sections;
  /** Expected result of a run, `succeeded` or an error code, by its state at the change and by its calls to the private host. */
  readonly expected: (kind: Kind, calls: boolean) => string;
  /** Runs that wait for a worker that can honour them. Half of them are cancelled. */
  readonly waitsFor?: string;
}

const over = (base: Sections, section: string, keys: Record<string, unknown>): Sections => {
  return { ...base, [section]: { ...base[section], ...keys } };
};
const succeeds = (): string => 'succeeded';

const CHANGES: readonly Change[] = [
  {
    name: 'other limits',
    change: (base) => over(base, 'limits', { attemptTimeout: '33s', runTimeout: '3h', maxParallel: 5 }),
    expected: succeeds,
  },
  { name: 'other retries', change: (base) => over(base, 'retries', { maxAttempts: 3 }), expected: succeeds },
  { name: 'another stopGrace', change: (base) => over(base, 'worker', { stopGrace: '2s' }), expected: succeeds },
  {
    name: 'a denied pack',
    change: (base, contents) => over(base, 'packsRegistry', { deny: contents }),
    expected: () => 'PACK_UNTRUSTED',
  },
  {
    name: 'no unsigned packs',
    change: (base) => over(base, 'packsRegistry', { unsigned: 'refuse' }),
    expected: () => 'PACK_UNSIGNED',
  },
  {
    name: 'a narrower allowlist',
    change: (base) => over(base, 'sealedMode', { allow: [] }),
    expected: (_kind, calls) => (calls ? 'SEALED_EGRESS_DENIED' : 'succeeded'),
  },
  {
    name: 'a higher floor',
    change: (base) => over(base, 'approvals', { floor: { minApprovals: 2 } }),
    expected: (kind) => (kind === 'gate' ? 'PROFILE_MISMATCH' : 'succeeded'),
  },
  {
    name: 'another sandbox',
    change: (base) => over(base, 'sandbox', { profile: base['sandbox']?.['profile'] === 'none' ? 'bwrap' : 'none' }),
    expected: () => 'PROFILE_MISMATCH',
    waitsFor: 'isolation',
  },
];

const NOOP = 'run: { uses: "builtin:noop" }';

describe('a configuration that changes under runs in flight', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  let server: Server;
  let base: Sections;
  const figures: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-changes-'));
    server = createServer((_request, response) => void response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    stack = await startStack(join(folder, 'state'), {
      configuration: {
        http: { host: '127.0.0.1', port: 0, healthPort: 0, limits: { plan: 6_000, submit: 6_000, decide: 6_000 } },
        worker: { stopGrace: '1s', lease: '3s', concurrency: 40 },
        limits: { profileWait: '25s' },
        sealedMode: { allow: [{ host: '127.0.0.1', ports: [port], cidr: '127.0.0.0/8', plainHttp: true }] },
      },
    });
    base = JSON.parse(readFileSync(stack.configurationPath, 'utf8')) as Sections;
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
  }, 180_000);

  afterAll(async () => {
    console.log(figures.join('\n'));
    await stack?.stop();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function rollOut(configuration: Sections): Promise<void> {
    writeFileSync(stack.configurationPath, `${JSON.stringify(configuration, null, 2)}\n`);
    await stack.killWorker('SIGTERM');
    await stack.startWorker();
  }

  function textOf(kind: Kind, calls: boolean, change: string): string {
    const { port } = server.address() as AddressInfo;
    const first = {
      gate: '- { id: first, gate: { approval: owners } }',
      sleeping: '- { id: first, run: { uses: "builtin:wait", with: { for: 20s } } }',
      running:
        '- { id: first, effects: idempotent, run: { uses: "builtin:command", with: { command: [sleep, "18"] } } }',
    }[kind];
    const call = `run: { uses: "builtin:http", with: { url: "http://127.0.0.1:${port}/" } }`;
    const second = `- { id: second, ${calls ? call : NOOP} }`;
    const owners = '  approvals: [ { id: owners, minApprovals: 1 } ]\n';
    // Each change has its own packs, so that the handling of one does not affect another.
    const named = pack(`${first}\n${second}`, owners).replace('name: e2e', `name: e2e, description: ${change}`);
    return named;
  }

  interface InFlight {
    readonly run: string;
    readonly kind: Kind;
    readonly calls: boolean;
  }

  async function begin(change: string): Promise<readonly InFlight[]> {
    const kinds: readonly Kind[] = ['gate', 'sleeping', 'running'];
    const inFlight: InFlight[] = [];
    for (let i = 0; i < RUNS; i++) {
      const kind = kinds[i % kinds.length] as Kind;
      const calls = i % 2 === 0;
      inFlight.push({ run: await ada.submit(textOf(kind, calls, change)), kind, calls });
    }
    const first: Readonly<Record<Kind, string>> = { gate: 'approval', sleeping: 'delay', running: '' };
    for (const { run, kind } of inFlight)
      await untilIt(run, ({ status, waits }) =>
        kind === 'running' ? status === 'running' : (waits as readonly { kind: string }[])[0]?.kind === first[kind],
      );
    return inFlight;
  }

  async function untilIt(run: string, holds: (summary: Record<string, Json>) => boolean): Promise<void> {
    for (const end = Date.now() + MINUTE; ; await pause(100)) {
      const summary = await ada.summary(run);
      if (holds(summary)) return;
      if (Date.now() > end) throw new Error(JSON.stringify(summary));
    }
  }

  it.each(CHANGES)(
    '$name',
    async ({ name, change, expected, waitsFor }) => {
      await rollOut(base);
      const inFlight = await begin(name);
      const contents = new Set<string>();
      for (const { run } of inFlight) contents.add(((await ada.summary(run))['pack'] as { digest: string }).digest);
      const since = Date.now();
      await rollOut(change(base, [...contents]));
      const rolledOut = Date.now() - since;
      const gates = inFlight.filter(({ kind }) => kind === 'gate');
      const isStopped = gates.every(({ calls }) => expected('gate', calls) !== 'succeeded') && waitsFor === undefined;
      // A run that must stop does not wait for a decision.
      if (!isStopped)
        for (const { run, calls } of gates) {
          if (expected('gate', calls) !== 'succeeded' && waitsFor === undefined) continue;
          const { status, body } = await grace.approve(run, 'first');
          expect([status, body]).toEqual([200, expect.anything()]);
        }
      const cancelled = new Set<string>();
      if (waitsFor !== undefined) {
        for (const { run } of inFlight)
          await untilIt(run, ({ waits }) =>
            (waits as readonly { kind: string; id: string; since?: string }[]).some(
              (wait) => wait.kind === 'environment' && wait.id === waitsFor && typeof wait.since === 'string',
            ),
          );
        const listed = await ada.ask('GET', '/api/runs?status=waiting');
        expect(JSON.stringify(listed.body)).toContain('"kind":"environment"');
        const metrics = await (await fetch(`${stack.health.workers[0] ?? ''}/metrics`)).text();
        expect(metrics).toMatch(new RegExp(`^taskrunner_runs_unhonoured\\{[^}]*part="${waitsFor}"[^}]*\\} [1-9]`, 'm'));
        for (const { run } of inFlight.slice(0, RUNS / 2)) {
          cancelled.add(run);
          expect((await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'nobody drives it' })).status).toBe(202);
        }
      }
      const outcomes: { readonly run: string; readonly is: string; readonly ms: number }[] = [];
      await Promise.all(
        inFlight.map(async ({ run }) => {
          const ended = await ada.until(run, ['succeeded', 'failed', 'cancelled', 'halted']);
          const code = (ended['error'] as { code: string } | null)?.code;
          const is = ended['status'] === 'failed' ? String(code) : (ended['status'] as string);
          outcomes.push({ run, is, ms: Date.now() - since });
        }),
      );
      const counts: Record<string, number> = {};
      for (const { is } of outcomes) counts[is] = (counts[is] ?? 0) + 1;
      const slowest = Math.max(...outcomes.map(({ ms }) => ms));
      figures.push(
        `${name}: ${JSON.stringify(counts)}, rolled out in ${rolledOut} ms, all over ${slowest} ms after it began`,
      );
      for (const { run, kind, calls } of inFlight) {
        const is = outcomes.find((one) => one.run === run)?.is;
        expect({ kind, calls, is }).toEqual({
          kind,
          calls,
          is: cancelled.has(run) ? 'cancelled' : expected(kind, calls),
        });
      }
      const bundle = join(folder, 'evidence.tar');
      writeFileSync(bundle, await ada.sealed(inFlight[0]?.run ?? ''));
      const cli = [
        join(ROOT, 'apps/cli/bin/taskrunner.js'),
        'verify',
        bundle,
        '--trust',
        stack.trustPath,
        '--allow-dev',
      ];
      const { stdout } = spawnSync(process.execPath, cli, { encoding: 'utf8' });
      expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
      expect(stdout).not.toBe('');
    },
    240_000,
  );
});
