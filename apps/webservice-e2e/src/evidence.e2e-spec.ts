import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import { searched } from '@taskrunner/core/testing';
import { readTar, writeTar } from '@taskrunner/infrastructure/archive';
import { atNight } from './stack/at-night';
import { Caller, pack, ROOT, DevStack } from './stack/stack';

const MESSAGE = '{{ length(steps.find.outputs.hits) }} hits after {{ steps.approve.outputs.decision }}';
const PACK = pack(
  `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-2026-1"] } } } }
- { id: approve, gate: { approval: owners, message: "go?", show: { hits: "{{ steps.find.outputs.hits }}" } } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo applied; echo report > out/report.txt" }, artifacts: [ { name: report, path: out/report.txt } ] } }`,
  `  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]
  success: { message: "${MESSAGE}" }
`,
);

const has = (program: string): boolean => spawnSync('which', [program]).status === 0;
const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

describe('the evidence of a run', () => {
  let folder: string;
  let stack: DevStack;
  let bundle: string;
  let files: ReadonlyMap<string, Uint8Array>;
  let planHash: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-evidence-'));
    stack = await DevStack.shared('plain');
    const ada = new Caller(stack.server, await stack.tokenFor('ada'));
    const grace = new Caller(stack.server, await stack.tokenFor('grace'));
    const run = await ada.submit(PACK);
    await ada.until(run, ['waiting']);
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    const ended = await ada.until(run, ['succeeded']);
    planHash = ended['planHash'] as string;
    expect(ended).toMatchObject({ message: '1 hits after approved', messageError: null });
    bundle = join(folder, 'evidence.tar');
    const bytes = await ada.sealed(run);
    writeFileSync(bundle, bytes);
    files = await readTar(pieces(bytes), LIMITS);
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  interface Verified {
    readonly status: number | null;
    readonly ok: boolean;
    readonly planHash: string;
    readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly basis: string }[];
  }

  async function verify(file: string, more: readonly string[] = ['--allow-dev']): Promise<Verified> {
    const args = ['verify', file, '--trust', stack.trustPath, '--json', ...more];
    const { status, stdout, stderr } = await stack.taskrunner(args);
    if (stdout.trim() === '') throw new Error(stderr);
    return { status, ...(JSON.parse(stdout) as Omit<Verified, 'status'>) };
  }

  async function altered(path: string, change: (bytes: Uint8Array) => Uint8Array | null): Promise<string> {
    const file = join(folder, 'altered.tar');
    const changed = [...files].flatMap(([name, bytes]) => {
      const next = name === path ? change(Uint8Array.from(bytes)) : bytes;
      return next === null ? [] : [{ path: name, bytes: next }];
    });
    const parts: Uint8Array[] = [];
    for await (const part of writeTar(changed)) parts.push(part);
    writeFileSync(file, Buffer.concat(parts));
    return file;
  }

  it('verifies offline, recomputed where it can be', async () => {
    const verified = await verify(bundle);
    expect(verified.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verified).toMatchObject({ status: 0, ok: true, planHash });
    const recomputed = verified.checks.filter(({ basis }) => basis === 'recomputed').map(({ name }) => name);
    for (const name of [
      'plan.hash',
      'pack.content',
      'journal.chain',
      'journal.replay',
      'logs.digest',
      'gates.requests',
      'effects.gated',
      'artifacts.bytes',
      'statement.agrees',
    ]) {
      expect(recomputed).toContain(name);
    }
  });

  it('has a report for auditors: who approved what, and how the run ended', async () => {
    const inspect = (...more: string[]) => stack.taskrunner(['inspect', bundle, '--trust', stack.trustPath, ...more]);
    const { status, stdout } = await inspect('--allow-dev', '--format', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: { status: 'verified' },
      contents: {
        run: { end: { result: 'succeeded' } },
        gates: [{ gate: 'approve', show: { hits: ['CVE-2026-1'] }, decisions: [{ decision: 'approved' }] }],
        artifacts: [{ step: 'apply', name: 'report' }],
      },
    });
    expect(await inspect('--format', 'html')).toMatchObject({
      status: 9,
      stdout: expect.stringContaining('VERIFICATION FAILED at trust.keys') as string,
    });
  });

  it('verifies where an attempt that failed left an artifact', async () => {
    const ada = new Caller(stack.server, await stack.tokenFor('ada'));
    const run = await ada.submit(
      pack(
        `- { id: work, retries: { maxAttempts: 2, backoff: 0s }, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo $TASKRUNNER_ATTEMPT > out/report.txt; test $TASKRUNNER_ATTEMPT = 2 || exit 75" }, artifacts: [ { name: report, path: out/report.txt } ] } }`,
      ),
    );
    await ada.until(run, ['succeeded']);
    const file = join(folder, 'retried.tar');
    writeFileSync(file, await ada.sealed(run));
    expect((await verify(file)).checks.filter(({ ok }) => !ok)).toEqual([]);
  }, 60_000);

  atNight('verifies where the log is larger than a worker holds, of steps that printed side by side', async () => {
    const ada = new Caller(stack.server, await stack.tokenFor('ada'));
    const printing = (name: string) =>
      `      - { id: ${name}, run: { uses: "builtin:script", with: { interpreter: [bash], source: "yes ${name}-${'é'.repeat(40)} | head -n 70000" } } }`;
    const run = await ada.submit(
      pack(`- id: both\n  parallel:\n    steps:\n${printing('left')}\n${printing('right')}`),
    );
    await ada.until(run, ['succeeded'], 120);
    const file = join(folder, 'large.tar');
    const sealed = await ada.sealed(run);
    writeFileSync(file, sealed);
    expect(sealed.length).toBeGreaterThan(11 * 1024 * 1024);
    const { checks } = await verify(file);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.find(({ name }) => name === 'logs.digest')).toMatchObject({
      basis: 'recomputed',
      detail: '2 streams',
    });
  });

  it('fails without --allow-dev, and for another run', async () => {
    expect(await verify(bundle, [])).toMatchObject({ status: 9, ok: false });
    expect(await verify(bundle, ['--allow-dev', '--expect', 'run=run_00000000000000000000000000'])).toMatchObject({
      status: 9,
      ok: false,
    });
  });

  it('fails for one flipped byte in a file, and names the check', async () => {
    for (const path of [...files.keys()].filter((_, place) => place % searched(4, 1) === 0)) {
      const size = files.get(path)?.length ?? 0;
      if (size === 0) continue;
      const file = await altered(path, (bytes) => {
        const at = Math.floor(size / 2);
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes;
      });
      const verified = await verify(file);
      expect([path, verified.status, verified.ok]).toEqual([path, 9, false]);
      expect(verified.checks.filter(({ ok }) => !ok).length).toBeGreaterThan(0);
    }
  }, 180_000);

  it('fails for a file taken away, and for one put in', async () => {
    const without = await verify(await altered('journal.ndjson', () => null));
    expect([without.status, without.ok]).toEqual([9, false]);
  });

  it('verifies with @sigstore/verify, no network', () => {
    const envelopeFile = files.get('attestations/pack-run.sigstore.json');
    const key = publicKeyPem(stack.trustPath, 'run-open');
    const verifier = new Verifier(
      {
        certificateAuthorities: [],
        timestampAuthorities: [],
        tlogs: [],
        ctlogs: [],
        publicKey: () => ({ publicKey: createPublicKey(key), validFor: () => true }),
      },
      { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
    );
    const bundleOf = (bytes: Uint8Array | undefined) =>
      toSignedEntity(bundleFromJSON(JSON.parse(new TextDecoder().decode(bytes)) as unknown));
    expect(() => verifier.verify(bundleOf(envelopeFile))).not.toThrow();
    const other = generateKeyPairSync('ed25519').publicKey;
    const wrong = new Verifier(
      {
        certificateAuthorities: [],
        timestampAuthorities: [],
        tlogs: [],
        ctlogs: [],
        publicKey: () => ({ publicKey: other, validFor: () => true }),
      },
      { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
    );
    expect(() => wrong.verify(bundleOf(envelopeFile))).toThrow();
  });

  it('verifies with cosign, offline', () => {
    if (!has('cosign')) {
      if (process.env['CI'] === 'true') throw new Error('cosign is not installed');
      console.warn('skipped: cosign is not installed');
      return;
    }
    const write = (name: string, data: string | Uint8Array): string => {
      const path = join(folder, name);
      writeFileSync(path, data);
      return path;
    };
    const key = write('run.pub', publicKeyPem(stack.trustPath, 'run-open'));
    const root = write('root.json', '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}');
    const statement = write('pack-run.json', files.get('attestations/pack-run.sigstore.json') ?? new Uint8Array());
    const artifacts = write('artifacts.json', files.get('artifacts.json') ?? new Uint8Array());
    const args = (subject: string): string[] => [
      'verify-blob-attestation',
      '--key',
      key,
      '--bundle',
      statement,
      '--new-bundle-format',
      '--trusted-root',
      root,
      '--insecure-ignore-tlog=true',
      '--type',
      'https://stellaops.io/attestation/pack-run/v1',
      subject,
    ];
    expect(spawnSync('cosign', args(artifacts), { encoding: 'utf8' }).stderr).toContain('Verified OK');
    expect(spawnSync('cosign', args(write('other.json', '[]')), { encoding: 'utf8' }).status).not.toBe(0);
    expect(createHash('sha256').update(readFileSync(artifacts)).digest('hex')).toHaveLength(64);
  });

  it('gives one plan hash for YAML and JSON, any key order, two time zones and locales', () => {
    const yaml = join(folder, 'pack.yaml');
    writeFileSync(yaml, PACK);
    const plan = (file: string, env: Record<string, string>): string => {
      const out = execFileSync(
        process.execPath,
        [join(ROOT, 'apps/cli/bin/taskrunner.js'), 'plan', file, '--output', 'json'],
        { encoding: 'utf8', env: { ...process.env, ...env } },
      );
      return (JSON.parse(out) as { planHash: string }).planHash;
    };
    const json = join(folder, 'shuffled.json');
    writeFileSync(
      json,
      JSON.stringify({
        spec: {
          steps: [
            { run: { with: { outputs: { hits: ['CVE-2026-1'] } }, uses: 'builtin:transform' }, id: 'find' },
            {
              gate: { show: { hits: '{{ steps.find.outputs.hits }}' }, message: 'go?', approval: 'owners' },
              id: 'approve',
            },
            {
              run: {
                artifacts: [{ path: 'out/report.txt', name: 'report' }],
                with: { source: 'echo applied; echo report > out/report.txt', interpreter: ['sh'] },
                uses: 'builtin:script',
              },
              id: 'apply',
            },
          ],
          approvals: [{ minApprovals: 1, grants: ['Packs.Approve'], id: 'owners' }],
          success: { message: MESSAGE },
        },
        metadata: { version: '1.0.0', name: 'e2e', description: 'described' },
        kind: 'TaskPack',
        apiVersion: 'stellaops.io/pack.v1',
      }),
    );
    const hashes = [
      plan(yaml, { TZ: 'UTC', LC_ALL: 'C' }),
      plan(yaml, { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' }),
      plan(json, { TZ: 'America/St_Johns', LC_ALL: 'de_DE.UTF-8' }),
    ];
    expect(new Set([...hashes, planHash]).size).toBe(1);
  });
});

function publicKeyPem(trustPath: string, usage: string): string {
  const trust = JSON.parse(readFileSync(trustPath, 'utf8')) as { keys: { spki: string; usages: string[] }[] };
  const spki = trust.keys.find(({ usages }) => usages.includes(usage))?.spki ?? '';
  return String(
    createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }).export({
      type: 'spki',
      format: 'pem',
    }),
  );
}
