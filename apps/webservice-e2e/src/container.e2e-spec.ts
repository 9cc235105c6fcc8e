import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Json } from '@taskrunner/core/foundation';
import { readTar } from '@taskrunner/infrastructure/archive';
import { atNight } from './stack/at-night';
import { Caller, DevStack, pack } from './stack/stack';

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };
const ENV = { ...process.env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
const podman = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8', env: ENV }).trim();

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** This spec needs podman. */
const missing = ['podman', 'runc'].filter((program) => spawnSync(program, ['--version']).status !== 0);
if (missing.length > 0 && process.env['CI'] === 'true') throw new Error(`missing: ${missing.join(', ')}`);
if (missing.length > 0) console.warn(`skipped: ${missing.join(', ')} missing`);

(missing.length > 0 ? describe.skip : describe)('container steps', () => {
  // The name contains the process id, because a concurrent run of this spec creates and removes its own image.
  const name = `localhost/taskrunner-e2e-scanner-${process.pid}`;
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let image: string;
  let digest: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-container-e2e-'));
    digest = makeImage(join(folder, 'image'));
    image = `${name}@${digest}`;
    stack = await DevStack.shared('plain');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    podman('rmi', '--force', name);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** An image from this machine's shell, without a registry. */
  function makeImage(root: string): string {
    for (const path of ['usr/bin', 'tmp', 'task', 'proc', 'dev', 'sys', 'run', 'etc'])
      mkdirSync(join(root, path), { recursive: true });
    for (const program of ['sh', 'cat', 'sleep']) {
      const found = execFileSync('which', [program], { encoding: 'utf8' }).trim();
      cpSync(realpathSync(found), join(root, 'usr/bin', basename(program)));
      for (const [library] of execFileSync('ldd', [found], { encoding: 'utf8' }).matchAll(/\/[^ )\n]+/g)) {
        mkdirSync(dirname(join(root, library)), { recursive: true });
        cpSync(realpathSync(library), join(root, library));
      }
    }
    execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '-cf', `${root}.tar`, '.']);
    podman('import', '--quiet', '--change', 'ENV PATH=/usr/bin', `${root}.tar`, name);
    return podman('image', 'inspect', '--format', '{{.Digest}}', name);
  }

  const container = (parameters: string, more = ''): string =>
    `run: { uses: "builtin:container", with: { image: "${image}", ${parameters} }${more} }`;
  const left = (): string[] =>
    podman('ps', '--all', '--filter', `ancestor=${name}`, '--format', '{{.Names}}').split('\n').filter((one) => one !== ''); // prettier-ignore

  it('runs an image by its digest; artifact and image stand in evidence that verifies', async () => {
    const manifest = pack(
      `- id: scan
  ${container(
    `command: [sh, -c, 'read -r line < in/target; echo "scanned $line"; echo "report of $line" > out/report.txt; echo "{\\"findings\\": 3}" > "$TASKRUNNER_OUTPUTS"']`,
    ', files: { target: { content: "the-release" } }, artifacts: [ { name: report, path: report.txt } ], outputs: { findings: { type: number } }',
  )}`,
      '  outputs: [ { name: n, value: "{{ steps.scan.outputs.findings }}" } ]\n',
    );
    const run = await ada.submit(manifest);
    const summary = await ada.until(run, ['succeeded', 'failed', 'halted'], 120);
    expect(summary).toMatchObject({ status: 'succeeded' });
    const bytes = await ada.sealed(run);
    const bundle = join(folder, 'bundle.tar');
    writeFileSync(bundle, bytes);
    const files = await readTar(pieces(bytes), LIMITS);
    const texts = [...files].map(([path, content]) => [path, Buffer.from(content).toString('utf8')] as const);
    expect(texts.some(([, text]) => text === 'report of the-release\n')).toBe(true);
    const profile = JSON.parse(texts.find(([path]) => path.endsWith('profile.json'))?.[1] ?? '{}') as Json;
    expect(JSON.stringify(profile)).toContain(`"${image}":"${digest}"`);
    // The engine, not the plan, reports the image that was started.
    const resolved = texts.filter(([, text]) => text.includes('tool.resolved') && text.includes(digest));
    expect(resolved.length).toBeGreaterThan(0);
    const provenance = texts
      .filter(([path]) => path.startsWith('attestations/'))
      .map(([, text]) => (JSON.parse(text) as { dsseEnvelope?: { payload: string } }).dsseEnvelope?.payload ?? '')
      .map((payload) => Buffer.from(payload, 'base64').toString('utf8'))
      .find((text) => text.includes('slsa.dev/provenance'));
    expect(provenance).toContain(`"name":"${image}"`);
    expect(provenance).toContain(`"uri":"pkg:oci/`);
    const { stdout } = await stack.taskrunner(['verify', bundle, '--trust', stack.trustPath, '--json', '--allow-dev']);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] };
    expect(checks.length).toBeGreaterThan(20);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(left()).toEqual([]);
  }, 180_000);

  it('refuses a tag', async () => {
    const manifest = pack(`- { id: a, run: { uses: "builtin:container", with: { image: "${name}:latest" } } }`);
    const { status, body } = await ada.ask('POST', '/api/runs', { manifest, inputs: {} });
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('IMAGE_NOT_PINNED')]);
  });

  atNight('leaves no container when the worker is killed, and the run goes on', async () => {
    const manifest = pack(`- id: a\n  ${container(`command: [sh, -c, 'echo begun; sleep 3; echo ended']`)}`);
    const run = await ada.submit(manifest);
    while (left().length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    await stack.killWorker('SIGKILL');
    while (podman('ps', '--filter', `ancestor=${name}`, '--format', '{{.Names}}') !== '')
      await new Promise((resolve) => setTimeout(resolve, 100));
    await stack.startWorker();
    expect(await ada.until(run, ['succeeded', 'failed', 'halted'], 120)).toMatchObject({ status: 'succeeded' });
    expect(left()).toEqual([]);
  });
});
