import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { verifySignature, verifyRun, readTrust, fingerprint } from '@taskrunner/core/evidence';
import { readTar, writeTar } from '@taskrunner/infrastructure/archive';
import { DRAFT_FILE } from '@taskrunner/infrastructure/attestor';
import { Caller, pack, ROOT, startStack, type DevStack } from './stack/stack';

// A remote Attestor as a separate process. It is down when the runs end and starts later.
const DOWN_SECONDS = Number(process.env.TASKRUNNER_ATTESTOR_DOWN_SECONDS ?? 5);
const BUILDERS = 'https://stellaops.io/taskrunner/builders/';
const PACK = pack(
  `- { id: work, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo worked; echo report > out/report.txt; echo '{\\"bomFormat\\":\\"CycloneDX\\",\\"specVersion\\":\\"1.5\\"}' > out/bom.json" }, artifacts: [ { name: report, path: out/report.txt }, { name: bom, path: out/bom.json, mediaType: application/vnd.cyclonedx+json } ] } }`,
);
const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** Below the ports that the system gives to whoever asks for any port: it stays free until the Attestor starts, well after the stack. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 20_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) return new Promise((resolve) => server.close(() => resolve(port)));
  }
}

describe('a remote Attestor', () => {
  let folder: string;
  let stack: DevStack;
  let attestor: ChildProcess | null = null;
  let url: string;
  let ada: Caller;
  let run: string;
  let trust: ReturnType<typeof readTrust>;
  let token: string;
  let files: ReadonlyMap<string, Uint8Array>;

  async function startAttestor(): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, 'tools/attestor/main.mjs'), join(folder, 'attestor.json')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    attestor = child;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', () => resolve());
      child.once('close', (code) => reject(new Error(`the Attestor ended with ${code}`)));
    });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-attestor-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const state = join(folder, 'state');
    const attesting = {
      url,
      // Replaced once the Authority runs.
      tokenUrl: 'http://127.0.0.1:1/token',
      clientId: 'ci',
      clientSecretFile: join(folder, 'secret'),
      audience: 'urn:taskrunner:api',
      retry: '500ms',
    };
    stack = await startStack(state, { workers: 0, ownAuthority: true, configuration: { attestor: attesting } });
    const configuration = JSON.parse(readFileSync(stack.configurationPath, 'utf8')) as {
      authority: { issuers: readonly { issuer: string; jwksUri: string; audience: string }[] };
      attestor: object;
      keys: { folder: string };
    };
    const [issuer] = configuration.authority.issuers;
    if (!issuer) throw new Error('no issuer');
    const { token_endpoint: tokenUrl } = (await (
      await fetch(`${issuer.issuer}/.well-known/openid-configuration`)
    ).json()) as { token_endpoint: string };
    writeFileSync(stack.configurationPath, JSON.stringify({ ...configuration, attestor: { ...attesting, tokenUrl } }));
    const secret = secretOfCi(join(state, 'authority'));
    writeFileSync(attesting.clientSecretFile, secret, { mode: 0o600 });
    token = await tokenFor(tokenUrl, secret);

    const summary = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const summaryPath = join(folder, 'summary.pem');
    writeFileSync(summaryPath, summary.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const trustText = readFileSync(stack.trustPath, 'utf8');
    const supplied = JSON.parse(trustText) as { serial: number; keys: { validFor: object }[] };
    const spki = summary.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const key = {
      ...supplied.keys[0],
      keyid: fingerprint(spki),
      algorithm: 'ecdsa-p256',
      spki,
      usages: ['summary'],
      builders: [`${BUILDERS}dev/v1`],
    };
    const extended = JSON.stringify({ ...supplied, serial: supplied.serial + 1, keys: [...supplied.keys, key] });
    trust = readTrust(extended);
    mkdirSync(join(folder, 'kept'), { mode: 0o700 });
    writeFileSync(
      join(folder, 'attestor.json'),
      JSON.stringify({
        port,
        issuer: issuer.issuer,
        jwksUri: issuer.jwksUri,
        audience: issuer.audience,
        clients: { ci: { builders: [`${BUILDERS}dev/v1`, `${BUILDERS}local/v1`], tenants: ['acme'] } },
        trustFile: join(folder, 'trust.json'),
        keys: {
          runOpen: join(configuration.keys.folder, 'run-open.pem'),
          bundle: join(configuration.keys.folder, 'bundle.pem'),
          summary: summaryPath,
        },
        folder: join(folder, 'kept'),
        verifierId: 'https://attestor.test/reference',
      }),
    );
    writeFileSync(join(folder, 'trust.json'), extended);
    await stack.startWorker();
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    attestor?.kill('SIGTERM');
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const statements = (): readonly string[] =>
    readdirSync(join(folder, 'kept')).filter((name) => name.endsWith('statement.json'));

  it('that is down lets runs end, and delays their evidence', async () => {
    run = await ada.submit(PACK);
    await ada.until(run, ['succeeded']);
    await new Promise((resolve) => setTimeout(resolve, DOWN_SECONDS * 1_000));
    expect((await ada.summary(run))['evidence']).toMatchObject({ status: 'pending' });
    expect((await ada.ask('GET', `/api/runs/${run}/evidence`)).body['code']).toBe('EVIDENCE_NOT_SEALED');
    expect(statements()).toEqual([]);
  }, 300_000);

  it('comes, and the evidence follows: one statement, which verifies', async () => {
    await startAttestor();
    const bundle = await ada.sealed(run);
    expect(statements()).toHaveLength(1);
    files = await readTar(pieces(bundle), LIMITS);
    expect(files.has('attestations/vsa.sigstore.json')).toBe(true);
    // The Attestor received the bill of materials and no other artifact.
    expect(files.has('attestations/cyclonedx.sigstore.json')).toBe(true);
    const { checks } = verifyRun({ files, trust, verifySignature, allowDev: true, now: Date.now() });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const again = await ada.submit(PACK);
    await ada.until(again, ['succeeded']);
    await ada.sealed(again);
    expect(statements()).toHaveLength(2);
  }, 120_000);

  async function ask(
    draft: ReadonlyMap<string, Uint8Array>,
    builder: string,
    bearer: string | null = token,
  ): Promise<{ status: number; code: string; detail: string }> {
    const asserted = { builder, audit: { seq: 0, head: null }, carried: carriedOf(files) };
    const all = [
      ...[...draft].filter(([path]) => !/^(attestations|logs|artifacts)\/|^MANIFEST/.test(path)),
      [DRAFT_FILE, Buffer.from(JSON.stringify(asserted))] as const,
    ].map(([path, bytes]) => ({ path, bytes }));
    const parts: Uint8Array[] = [];
    for await (const part of writeTar(all.sort((a, b) => (a.path < b.path ? -1 : 1)))) parts.push(part);
    const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` };
    const response = await fetch(`${url}/v1/runs/${run}/statements`, {
      method: 'POST',
      headers,
      body: Buffer.concat(parts),
    });
    const body = (await response.json()) as { code: string; detail: string };
    return { status: response.status, code: body.code, detail: body.detail };
  }

  it('asked again signs nothing new, also where the audit chain has moved on', async () => {
    expect(await ask(files, `${BUILDERS}dev/v1`)).toMatchObject({ status: 200 });
    expect(statements()).toHaveLength(2);
  });

  it('refuses an inconsistent draft, another statement, another builder, and strangers', async () => {
    const plan = new TextDecoder().decode(files.get('plan.json')).replace('"work"', '"walk"');
    expect(await ask(new Map(files).set('plan.json', Buffer.from(plan)), `${BUILDERS}dev/v1`)).toMatchObject({
      status: 422,
      code: 'ATTESTOR_DRAFT_INCONSISTENT',
      detail: expect.stringContaining('plan.hash') as string,
    });
    expect(await ask(files, `${BUILDERS}local/v1`)).toMatchObject({ status: 409, code: 'ATTESTOR_CONFLICT' });
    expect(await ask(files, `${BUILDERS}open/v1`)).toMatchObject({ status: 403, code: 'ATTESTOR_BUILDER_FORBIDDEN' });
    expect(await ask(files, `${BUILDERS}dev/v1`, null)).toMatchObject({ status: 401 });
    expect(await ask(files, `${BUILDERS}dev/v1`, `${token}x`)).toMatchObject({ status: 401 });
    expect(statements()).toHaveLength(2);
  });
});

/** The files that the bundle's statement lists as carried. */
function carriedOf(bundle: ReadonlyMap<string, Uint8Array>): unknown {
  const { dsseEnvelope } = JSON.parse(
    Buffer.from(bundle.get('attestations/pack-run.sigstore.json') ?? []).toString(),
  ) as { readonly dsseEnvelope: { readonly payload: string } };
  const { predicate } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as {
    readonly predicate: { readonly carried?: unknown };
  };
  return predicate.carried;
}

function secretOfCi(folder: string): string {
  const name = readdirSync(folder).find((one) => one.endsWith('.json')) ?? '';
  const { secrets } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { secrets: { ci: string } };
  return secrets.ci;
}

async function tokenFor(tokenUrl: string, secret: string): Promise<string> {
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`ci:${encodeURIComponent(secret)}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: 'urn:taskrunner:api' }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
