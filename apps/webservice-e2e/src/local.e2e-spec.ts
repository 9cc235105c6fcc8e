import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTar } from '@taskrunner/infrastructure/archive';
import { comparableBundles, type Roles } from './local/comparable-bundle';
import { LocalMachine } from './local/local-machine';
import { comparedPacks, INNER, type ComparedPack } from './local/packs';
import { isNight } from './stack/at-night';
import { EffectLog } from './stack/effect-log';
import { Caller, DevStack } from './stack/stack';

// The same packs without a server and through two services. `local/comparable-bundle.ts` lists what may differ in their evidence, and why.

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };
const BUILDERS = 'https://stellaops.io/taskrunner/builders';

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

describe('a run without a server and one with', () => {
  let machine: LocalMachine;
  let stack: DevStack;
  let log: EffectLog;
  let ada: Caller;
  let grace: Caller;

  beforeAll(async () => {
    stack = await DevStack.shared('plain');
    const allowed = [{ host: '127.0.0.1', ports: [stack.port], cidr: '127.0.0.0/8', plainHttp: true }];
    machine = new LocalMachine({ TASKRUNNER_SEALED_MODE_ALLOW: JSON.stringify(allowed) });
    log = await EffectLog.open(join(machine.home, 'effects.ndjson'), stack.port);
    [ada, grace] = (await Promise.all(
      ['ada', 'grace'].map(async (login) => new Caller(stack.server, await stack.tokenFor(login))),
    )) as [Caller, Caller];
  }, 180_000);

  afterAll(async () => {
    log?.close();
    await stack?.stop();
    machine?.remove();
  }, 60_000);

  /** Runs a pack through the services, and returns the file with its evidence. */
  async function served({ name, manifest, inputs, decisions }: ComparedPack): Promise<string> {
    const files = [{ path: 'inner/pack.yaml', contentBase64: Buffer.from(INNER).toString('base64') }];
    const run = await ada.submit(manifest, inputs, { files });
    for (const [gate, decision] of decisions) {
      while ((await grace.ask('GET', `/api/runs/${run}/gates/${gate}`)).status !== 200)
        await ada.until(run, ['waiting']);
      await ada.until(run, ['waiting']);
      expect((await grace.approve(run, gate, decision)).status).toBe(200);
    }
    await ada.until(run, ['succeeded']);
    const file = join(machine.home, `${name}.served.tar`);
    writeFileSync(file, await ada.sealed(run));
    return file;
  }

  /** A bundle, and who vouches for it. */
  async function read(file: string, who: Pick<Roles, 'initiator' | 'approver' | 'builder'>) {
    const files = await readTar(pieces(readFileSync(file)), LIMITS);
    const { payload } = JSON.parse(Buffer.from(files.get('admission.json') ?? []).toString()) as { payload: string };
    const { runId, tenant, planHash, initiators } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      readonly [member in 'runId' | 'tenant' | 'planHash']: string;
    } & { readonly initiators: readonly { readonly iss: string }[] };
    const roles: Roles = { ...who, run: runId, tenant, issuer: initiators[0]?.iss ?? '' };
    return { files, planHash, roles };
  }

  const checked = async (command: string, file: string, ...more: readonly string[]) => {
    const { status, stdout, stderr } = await stack.taskrunner([command, file, '--trust', machine.trust, ...more]);
    return { status, said: stdout + stderr };
  };

  it.each(isNight ? ['commands', 'gated', 'formed', 'sealed'] : ['gated'])(
    'have the same plan hash and the same evidence, except for keys, people and times (%s)',
    async (name) => {
      const compared = comparedPacks(stack.port).find((one) => one.name === name) as ComparedPack;
      const [local, remote] = await Promise.all([machine.run(compared), served(compared)]);
      expect([local.exit, local.text]).toEqual([0, expect.stringContaining('succeeded')]);
      const [mine, theirs] = [
        await read(local.file, {
          initiator: `local:${machine.account}`,
          approver: 'local:grace',
          builder: `${BUILDERS}/local-authority/v1`,
        }),
        await read(remote, { initiator: 'ada', approver: 'grace', builder: `${BUILDERS}/dev/v1` }),
      ];
      expect(mine.planHash).toBe(theirs.planHash);
      expect([mine.roles.issuer, mine.roles.tenant]).toEqual([expect.stringMatching(/^local:/), 'local']);
      const [own, other] = comparableBundles([
        [mine.files, mine.roles],
        [theirs.files, theirs.roles],
      ]);
      expect(own).toEqual(other);

      const refused = await checked('verify', local.file);
      expect(refused).toEqual({ status: 9, said: expect.stringContaining('made under a local Authority') as string });
      expect(refused.said).toContain('--allow-local');
      // The two options accept different Authorities.
      expect((await checked('verify', local.file, '--allow-dev')).status).toBe(9);
      const verified = await checked('verify', local.file, '--allow-local');
      expect(verified).toEqual({ status: 0, said: expect.stringContaining('LOCAL KEYS') as string });
      const report = join(machine.home, `${name}.html`);
      const inspected = await checked('inspect', local.file, '--allow-local', '--output', report);
      expect([inspected.status, inspected.said]).toEqual([0, expect.any(String)]);
      expect(readFileSync(report, 'utf8')).toMatch(/local authority/i);
    },
    180_000,
  );
});
