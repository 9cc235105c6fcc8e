import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@taskrunner/core/foundation';
import { readTar } from '@taskrunner/infrastructure/archive';
import { Caller, pack, DevStack } from './stack/stack';

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

describe('the way out of steps', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let server: Server;
  let port: number;
  const seen: { readonly request: IncomingMessage; readonly body: string }[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-egress-e2e-'));
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ request, body });
        response.setHeader('content-type', 'application/json').end('{"findings": 3}');
      });
    });
    stack = await DevStack.shared('plain');
    port = stack.port;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  async function filesOf(run: string): Promise<{ readonly bundle: string; readonly text: (path: string) => string }> {
    const bytes = await ada.sealed(run);
    const bundle = join(folder, `${run}.tar`);
    writeFileSync(bundle, bytes);
    const files = await readTar(pieces(bytes), LIMITS);
    return { bundle, text: (path) => Buffer.from(files.get(path) ?? []).toString('utf8') };
  }

  async function verified(bundle: string): Promise<{ readonly [check: string]: { ok: boolean; basis: string } }> {
    const args = ['verify', bundle, '--trust', stack.trustPath, '--json', '--allow-dev'];
    const { stdout, stderr } = await stack.taskrunner(args);
    if (stdout.trim() === '') throw new Error(stderr);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; basis: string }[] };
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  }

  it('asks a server, saves what it says, and proves where it went and where it was not let go', async () => {
    const manifest = pack(
      `- { id: get, run: { uses: "builtin:http", with: { url: "${url('/report')}", saveAs: report, outputs: { status: "{{ response.status }}" } } } }
- { id: read, run: { uses: "builtin:http", with: { url: "${url('/report')}", outputs: { n: "{{ response.body.findings }}" } } } }
- { id: post, run: { uses: "builtin:http", with: { method: POST, url: "${url('/notes')}", body: { n: "{{ steps.read.outputs.n }}" } } } }
- { id: stray, continueOnError: true, run: { uses: "builtin:http", with: { url: "{{ inputs.to }}" }, egress: [ { url: "${url('/report')}" } ] } }`,
      '  inputs: [ { name: to, type: string, required: true } ]\n  outputs: [ { name: n, value: "{{ steps.read.outputs.n }}" } ]\n',
    );
    const run = await ada.submit(manifest, { to: url('/elsewhere') });
    const summary = await ada.until(run, ['succeeded', 'failed', 'halted'], 120);
    expect(summary).toMatchObject({ status: 'succeeded' });
    expect(seen.map(({ request, body }) => [request.method, request.url, body])).toEqual([
      ['GET', '/report', ''],
      ['GET', '/report', ''],
      ['POST', '/notes', '{"n":3}'],
    ]);
    expect(seen[2]?.request.headers['idempotency-key']).toMatch(/./);
    const { bundle, text } = await filesOf(run);
    const sockets = text('egress.ndjson').trim().split('\n').map((line) => JSON.parse(line) as { step: string; attempts: string; allowed: number; denied: number }); // prettier-ignore
    expect(sockets.map(({ step, allowed, denied }) => [step, allowed, denied])).toEqual([
      ['get', 1, 0],
      ['read', 1, 0],
      ['post', 1, 0],
      ['stray', 0, 1],
    ]);
    const [rules, attempt] = (sockets[0]?.attempts ?? '').trim().split('\n').map((line) => JSON.parse(line) as Record<string, Json>); // prettier-ignore
    // An open environment allows every public host. The operator's rule pins this one.
    expect(rules?.['rules']).toContainEqual({
      scheme: 'http',
      host: '127.0.0.1',
      port,
      cidr: '127.0.0.0/8',
      path: '/report',
    });
    expect(attempt).toMatchObject({ via: 'http', host: '127.0.0.1', port, address: '127.0.0.1', allowed: true });
    expect(sockets[3]?.attempts).toContain('EGRESS_PATH_OUTSIDE');
    const statement = JSON.parse(text('attestations/pack-run.sigstore.json') || '{}') as Record<string, Json>;
    const { payload } = (statement['dsseEnvelope'] ?? { payload: '' }) as { payload: string };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString('utf8'))).toMatchObject({ predicate: { egress: { allowed: 3, denied: 1 } } }); // prettier-ignore
    const checks = await verified(bundle);
    expect(Object.values(checks).filter(({ ok }) => !ok)).toEqual([]);
    expect(checks['egress.within']).toMatchObject({ ok: true, basis: 'recomputed' });
  }, 180_000);

  const canSeal = ['bwrap', 'curl'].every((program) => spawnSync('which', [program]).status === 0);
  if (!canSeal && process.env['CI'] === 'true') throw new Error('bubblewrap and curl are needed');
  if (!canSeal) console.log('skipped: no bubblewrap or no curl');
  (canSeal ? it : it.skip)(
    'lets a sealed process reach what is listed and nothing else, and proves it',
    async () => {
      const manifest = pack(
        `- { id: ask, run: { uses: "builtin:command", with: { command: [curl, -sS, -f, "${url('/sealed')}"] }, egress: [ { url: "${url('')}" } ] } }
- { id: stray, continueOnError: true, run: { uses: "builtin:command", with: { command: [curl, -sS, -f, "http://127.0.0.1:1/", "https://evil.test/"] }, egress: [ { url: "${url('')}" } ] } }
- { id: mute, continueOnError: true, run: { uses: "builtin:command", with: { command: [curl, -sS, -f, "${url('/mute')}"] } } }`,
        `  sandbox: { mode: sealed, egressAllowlist: ["${url('')}"] }\n`,
      );
      const run = await ada.submit(manifest);
      expect(await ada.until(run, ['succeeded', 'failed', 'halted'], 120)).toMatchObject({ status: 'succeeded' });
      expect(seen.filter(({ request }) => /sealed|mute/.test(request.url ?? '')).map(({ request }) => request.url)).toEqual(['/sealed']); // prettier-ignore
      const { bundle, text } = await filesOf(run);
      const sockets = text('egress.ndjson').trim().split('\n').map((line) => JSON.parse(line) as { step: string; allowed: number; denied: number; attempts: string }); // prettier-ignore
      // A step without declared egress has no socket.
      expect(sockets.map(({ step, allowed, denied }) => [step, allowed, denied])).toEqual([['ask', 1, 0], ['stray', 0, 2]]); // prettier-ignore
      expect(sockets[1]?.attempts).toContain('"host":"evil.test"');
      const checks = await verified(bundle);
      expect(Object.values(checks).filter(({ ok }) => !ok)).toEqual([]);
      expect(checks['egress.within']).toMatchObject({ basis: 'recomputed' });
      const elsewhere = pack(`- { id: a, run: { uses: "builtin:http", with: { url: "https://example.com/" } } }`, '  sandbox: { mode: sealed }\n'); // prettier-ignore
      const { status, body } = await ada.ask('POST', '/api/runs', { manifest: elsewhere, inputs: {} });
      expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('SEALED_EGRESS_DENIED')]);
    },
    180_000,
  );

  it('plans no way to a private place that the operator has not pinned, and says so by the published alias', async () => {
    const manifest = pack('- { id: get, run: { uses: "builtin:http", with: { url: "http://127.0.0.1:1/" } } }');
    const { status, body } = await ada.ask('POST', '/api/runs', { manifest, inputs: {} });
    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain('SEALED_EGRESS_DENIED');
    expect(JSON.stringify(body)).toContain('AIRGAP_EGRESS_BLOCKED');
    expect(JSON.stringify(body)).toContain('cidr');
  });
});
