import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readTar } from '@taskrunner/infrastructure/archive';
import { describeAtNight } from './stack/at-night';
import { Caller, pack, pause, ROOT, DevStack, startStack } from './stack/stack';

const has = (program: string): boolean => spawnSync('which', [program]).status === 0;
const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };
const SEALED = '  sandbox: { mode: sealed }\n';

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/**
 * Tries each way out and prints those that succeeded, by name. Ports, paths and the permission to leave this machine are passed in the
 * environment.
 */
const ATTACK = String.raw`
import ctypes, json, os, socket, sys
done = []
def attempt(name, act):
    try:
        act()
        done.append(name)
    except Exception as error:
        print(name, type(error).__name__, error, file=sys.stderr)
def tcp(host, port, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(1)
        s.connect((host, int(port)))
def answered(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((host, 53))
        s.send(bytes.fromhex('123401000001000000000000076578616d706c6503636f6d0000010001'))
        s.recv(512)
def abstract():
    names = [line.split()[-1] for line in open('/proc/net/unix') if '@' in line]
    if not names:
        raise OSError('none is seen')
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    if libc.syscall(number, *args) < 0 and ctypes.get_errno() in (1, 38):
        raise OSError(ctypes.get_errno(), 'refused')
for port in os.environ['PORTS'].split(','):
    attempt('host loopback', lambda: tcp('127.0.0.1', port))
    attempt('host loopback over IPv6', lambda: tcp('::1', port, socket.AF_INET6))
if os.environ['BEYOND'] == 'no':
    tcp = answered = socket.getaddrinfo = lambda *_: (_ for _ in ()).throw(OSError('not tried'))
attempt('metadata', lambda: tcp('169.254.169.254', 80))
attempt('TCP', lambda: tcp('192.0.2.1', 443))
attempt('IPv6', lambda: tcp('2001:db8::1', 443, socket.AF_INET6))
attempt('UDP', lambda: answered('192.0.2.53'))
attempt('DNS', lambda: socket.getaddrinfo('example.com', 443))
attempt('abstract sockets', abstract)
attempt('vsock', lambda: socket.socket(40, socket.SOCK_STREAM))
attempt('packet sockets', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt('raw sockets', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt('io_uring', lambda: call(425, 1, 0))
for path in os.environ['PATHS'].split(','):
    attempt('sees ' + path, lambda: os.stat(path))
json.dump({'done': done}, open(os.environ['TASKRUNNER_OUTPUTS'], 'w'))
`;

const attack = (ports: readonly string[], paths: readonly string[], more = '', beyond = 'yes'): string =>
  pack(
    `- { id: attack, run: { uses: "builtin:script", with: { interpreter: [python3], path: attack.py }, env: { BEYOND: "${beyond}", PORTS: ${JSON.stringify(ports.join(','))}, PATHS: ${JSON.stringify(paths.join(','))} } } }`,
    `${more}  outputs: [ { name: done, type: array, value: "{{ steps.attack.outputs.done }}" } ]\n`,
  );
const hello = (more = ''): string =>
  pack(`- { id: hello, run: { uses: "builtin:command", with: { command: [echo, hello] } } }`, more);

const ATTACK_FILES = [{ path: 'attack.py', contentBase64: Buffer.from(ATTACK).toString('base64') }];

interface Configuration {
  readonly keys: { readonly folder: string };
  readonly artifacts: { readonly root: string };
}

describe('a sealed run', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let isSealing: boolean;

  beforeAll(async () => {
    isSealing = has('bwrap') && has('python3');
    if (!isSealing && process.env['CI'] === 'true') throw new Error('bubblewrap or python3 is missing');
    if (!isSealing) return console.warn('skipped: bubblewrap or python3 is missing');
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-sealed-'));
    stack = await DevStack.shared('plain');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it.each([
    ['sealed', SEALED],
    ['open', ''],
  ])('has no way out and sees nothing of the worker (%s)', async (_mode, more) => {
    if (!isSealing) return;
    const { keys, artifacts } = JSON.parse(readFileSync(stack.configurationPath, 'utf8')) as Configuration;
    const ports = [stack.server, stack.database.ownerUrl].map((url) => new URL(url).port);
    const paths = [
      ...['run-open.pem', 'run-sealed.pem', 'journal-mac.key'].map((name) => join(keys.folder, name)),
      stack.configurationPath,
      artifacts.root,
      join(dirname(stack.configurationPath), 'database'),
      ROOT,
      `/proc/${process.pid}`,
      '/run',
      '/var',
      '/root',
    ];
    const run = await ada.submit(attack(ports, paths, more), {}, { files: ATTACK_FILES });
    const ended = await ada.until(run, ['succeeded', 'failed']);
    expect(ended).toMatchObject({ status: 'succeeded', outputs: { done: [] } });
  });

  it('has evidence of its own mode, signed with a key of its own usage', async () => {
    if (!isSealing) return;
    const [sealed, open] = [await ada.submit(hello(SEALED)), await ada.submit(hello())];
    for (const run of [sealed, open]) await ada.until(run, ['succeeded']);
    const [bytes, other] = [await ada.sealed(sealed), await ada.sealed(open)];
    const files = await readTar(pieces(bytes), LIMITS);
    const text = (path: string): unknown => JSON.parse(Buffer.from(files.get(path) ?? []).toString());
    expect(text('environment.json')).toMatchObject({ mode: 'sealed', isolation: 'bwrap-sealed/v1' });
    const probe = [...files.keys()].find((path) => path.startsWith('probes/')) ?? '';
    expect(text(probe)).toMatchObject({
      schema: 'taskrunner.probe.v1',
      profiles: [
        { profile: 'bwrap-open/v2', available: true },
        {
          profile: 'bwrap-sealed/v1',
          available: true,
          tried: expect.arrayContaining(['vsock', 'io_uring']) as unknown,
        },
      ],
    });
    const verify = async (bundle: Uint8Array, mode: string): Promise<number> => {
      const file = join(folder, 'evidence.tar');
      writeFileSync(file, bundle);
      const args = ['verify', file, '--trust', stack.trustPath, '--allow-dev', '--expect', `mode=${mode}`];
      const { status } = await stack.taskrunner(args);
      return status;
    };
    expect([await verify(bytes, 'sealed'), await verify(bytes, 'open')]).toEqual([0, 9]);
    expect([await verify(other, 'open'), await verify(other, 'sealed')]).toEqual([0, 9]);
    const { keys } = JSON.parse(readFileSync(stack.trustPath, 'utf8')) as {
      keys: { usages: string[]; keyid: string }[];
    };
    const hint = (
      text('attestations/pack-run.sigstore.json') as { verificationMaterial: { publicKey: { hint: string } } }
    ).verificationMaterial.publicKey.hint;
    expect(keys.find(({ keyid }) => keyid === hint)?.usages).toEqual(['run-sealed']);
  });
});

// `deployments.e2e-spec.ts` has a refusal in every change.
describeAtNight('an installation without bubblewrap', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-unsealed-'));
    stack = await startStack(join(folder, 'state'), {
      configuration: {
        // The program does not exist until `that gets it`.
        sandbox: { profile: 'none', bubblewrap: join(folder, 'bwrap') },
        sealedMode: { wait: '2s' },
      },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('refuses sealed runs, and open ones go on', async () => {
    const refused = await ada.ask('POST', '/api/runs', { manifest: hello(SEALED), inputs: {} });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'SEALED_UNENFORCEABLE', detail: expect.stringContaining('sealed mode') },
    });
    expect(refused.body['errors']).toBeDefined();
    const open = await ada.submit(hello());
    expect(await ada.until(open, ['succeeded', 'failed'])).toMatchObject({ status: 'succeeded' });
  });

  it('shows what the same attack does where nothing is kept apart', async () => {
    if (!has('python3')) return console.warn('skipped: python3 is missing');
    const key = join(
      (JSON.parse(readFileSync(stack.configurationPath, 'utf8')) as Configuration).keys.folder,
      'run-open.pem',
    );
    const run = await ada.submit(attack([new URL(stack.server).port], [key], '', 'no'), {}, { files: ATTACK_FILES });
    const { status, outputs } = await ada.until(run, ['succeeded', 'failed']);
    expect(status).toBe('succeeded');
    const { done } = outputs as { readonly done: readonly string[] };
    expect(done).toEqual(expect.arrayContaining(['host loopback', `sees ${key}`]));
  });

  it('ends a sealed run that waits in vain, with evidence, and starts nothing of it', async () => {
    // Without a living worker the support for sealed mode is unknown, so the run is accepted.
    await stack.killWorker('SIGTERM');
    let run: string | null = null;
    for (const end = Date.now() + 60_000; run === null;) {
      const { status, body } = await ada.ask('POST', '/api/runs', { manifest: hello(SEALED), inputs: {} });
      if (status === 201) run = body['runId'] as string;
      else if (Date.now() > end) throw new Error(JSON.stringify(body));
    }
    await stack.startWorker();
    const ended = await ada.until(run, ['succeeded', 'failed', 'halted']);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'SEALED_UNENFORCEABLE' } });
    const bundle = join(folder, 'evidence.tar');
    writeFileSync(bundle, await ada.sealed(run));
    const args = ['verify', bundle, '--trust', stack.trustPath, '--allow-dev', '--expect', 'mode=sealed'];
    const { status, stdout } = await stack.taskrunner(args);
    expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(status).toBe(0);
    const files = await readTar(pieces(readFileSync(bundle)), LIMITS);
    expect(Buffer.from(files.get('journal.ndjson') ?? []).toString()).not.toContain('tool.resolved');
    expect([...files.keys()].filter((path) => path.startsWith('logs/'))).toEqual([]);
  });

  describe('that gets it, and loses it', () => {
    const canSeal = has('bwrap');

    beforeAll(async () => {
      if (!canSeal) return;
      copyFileSync('/usr/bin/bwrap', join(folder, 'bwrap'));
      await stack.killWorker('SIGTERM');
      await stack.startWorker();
      // Waits until the capabilities of the new worker are known.
      for (const end = Date.now() + 60_000; ; await pause(100)) {
        const { status, body } = await ada.ask('POST', '/api/runs', { manifest: hello(SEALED), inputs: {} });
        if (status === 201) break;
        if (Date.now() > end) throw new Error(JSON.stringify(body));
      }
    }, 120_000);

    it('seals until the first start that fails, then refuses; open runs go on', async () => {
      if (!canSeal) return;
      const request = { manifest: hello(SEALED), inputs: {} };
      const once = { 'idempotency-key': 'sealed-1' };
      const first = (await ada.ask('POST', '/api/runs', request, once)).body['runId'] as string;
      expect(await ada.until(first, ['succeeded', 'failed'])).toMatchObject({ status: 'succeeded' });
      const bubblewrap = join(folder, 'bwrap');
      rmSync(bubblewrap);
      writeFileSync(bubblewrap, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      const second = await ada.submit(hello(SEALED));
      expect(await ada.until(second, ['succeeded', 'failed'])).toMatchObject({ status: 'failed' });
      for (let refused = 0; refused !== 409;) {
        refused = (await ada.ask('POST', '/api/runs', { manifest: hello(SEALED), inputs: {} })).status;
        if (refused !== 409) await pause(250);
      }
      // A repetition of the first request still returns the first run.
      expect(await ada.ask('POST', '/api/runs', request, once)).toMatchObject({ status: 200, body: { runId: first } });
      const open = await ada.submit(hello());
      expect(await ada.until(open, ['succeeded', 'failed'])).toMatchObject({ status: 'succeeded' });
    });
  });
});
