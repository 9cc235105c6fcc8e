import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { MemoryObjects } from '../../../testing/memory/memory-objects';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import type { RunId, TenantId } from '../../foundation/ids';
import { digestOf } from '../../canonical/digest';
import type { Json } from '../../foundation/json';
import type { Node, RunNode } from '../../plan/plan';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { SecretProvider } from '../../ports/runs/secret-provider';
import type { SensitiveInputs } from '../../ports/runs/sensitive-inputs';
import type { SecretBinding } from '../../secret/secret-binding';
import { SecretError } from '../../secret/secret-error';
import { PAYLOAD_TYPE } from '../../evidence/records/documents';
import { RunDriver } from '../driver/drive-run';
import type { ProviderFailure } from './run-secrets';

const SECRET = 'hunter2-hunter2-hunter2';
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

class Vault extends SecretProvider {
  readonly values: Record<string, string> = { deploy: `${SECRET}\n` };
  reads = 0;
  async read(ref: string): Promise<{ value: Uint8Array; version: null }> {
    this.reads++;
    const value = this.values[ref];
    if (value === undefined) throw new SecretError('SECRET_UNAVAILABLE', `no ${ref}`);
    return { value: text(value), version: null };
  }
}

class Acting extends Executor {
  readonly uses = 'builtin:command';
  constructor(private readonly act: (request: ExecutionRequest, report: ExecutionReport) => Promise<Outcome>) {
    super();
  }
  execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    return this.act(request, report);
  }
}

const binding = (change: Partial<SecretBinding> = {}): SecretBinding => ({
  name: 'deploy',
  provider: 'vault',
  ref: 'deploy',
  tenants: ['acme'],
  packs: ['*'],
  signedBy: ['unsigned'],
  requireGate: false,
  requireSealed: false,
  rotation: 'refuse',
  ...change,
});
const effect = (id: string, change: Partial<RunNode> = {}): Node =>
  aRunNode(id, {
    uses: 'builtin:command',
    effects: 'idempotent',
    secrets: [{ name: 'deploy', env: null, file: 'deploy' }],
    ...change,
  });
const ok: Outcome = { kind: 'succeeded', outputs: { done: true } };

async function* piecesOf(content: string): AsyncGenerator<Uint8Array> {
  yield text(content);
}

/** A world with one run of these steps; `stored` is everything that is stored about it. */
function world(nodes: readonly Node[], bindings: readonly SecretBinding[] = [binding()], sensitive?: SensitiveInputs) {
  const memory = new MemoryWorld();
  const vault = new Vault();
  const plan = aPlan(aBlock([...nodes]));
  const run = memory.submit(plan, {}, [], [], [{ name: 'deploy', provider: 'vault' }]);
  const failures: unknown[] = [];
  const secrets = {
    bindings,
    providers: new Map([['vault', vault]]),
    sensitive: sensitive ?? null,
    providerFailed: ({ provider, secret, causes }: ProviderFailure) => failures.push({ provider, secret, causes }),
  };
  return {
    memory,
    failures,
    vault,
    run,
    async drive(act: (request: ExecutionRequest, report: ExecutionReport) => Promise<Outcome>) {
      const driver = await RunDriver.open(memory.dependencies([new Acting(act)], { secrets }), memory.claim(run));
      return typeof driver === 'string' ? driver : driver.drive();
    },
    get stored(): string {
      const chunks = (memory.chunks.get(run) ?? []).map(({ data }) => Buffer.from(data).toString());
      return JSON.stringify([
        memory.pages.get(run),
        [...(memory.rows.get(run) ?? [])],
        chunks,
        memory.alarms,
        memory.run(run).run,
      ]);
    },
    get events(): readonly { readonly type: string }[] {
      return (memory.pages.get(run) ?? []).flatMap((page) => page.entries.map(({ event }) => event));
    },
  };
}

const failureOf = (memory: MemoryWorld, run: RunId): Json =>
  (memory.run(run).run?.error as { code?: Json } | null)?.code ?? null;

describe('the secrets of a run', () => {
  it('are read at each attempt and delivered; their version is journaled before anything starts', async () => {
    const one = world([effect('a'), effect('b', { needs: ['a'], env: { T: '{{ secrets.deploy }}' } })]);
    const seen: unknown[] = [];
    await one.drive(async ({ secrets, env }) => {
      seen.push(Buffer.from(secrets.get('deploy') ?? []).toString(), env);
      return ok;
    });
    expect(seen).toEqual([`${SECRET}\n`, {}, `${SECRET}\n`, { T: SECRET }]);
    expect(one.vault.reads).toBe(3);
    const [first] = one.memory.pages.get(one.run) ?? [];
    const types = first?.entries.map(({ event }) => (event.type === 'note' ? event.code : event.type));
    expect(types).toEqual(['run.claimed', 'run.started', 'step.opened', 'step.started', 'SECRET_VERSION']);
    expect(one.stored).not.toContain(SECRET);
  });

  it('are kept out of log, messages and facts; an output that holds one fails the step', async () => {
    const one = world([
      effect('a', { continueOnError: true }),
      effect('b', { needs: ['a'], continueOnError: true }),
      effect('c', { needs: ['b'] }),
    ]);
    await one.drive(async ({ step, execution }, report) => {
      await report.line('info', `it is ${SECRET}`);
      await report.output('stdout', text(`out ${SECRET.slice(0, 9)}`));
      await report.output('stdout', text(`${SECRET.slice(9)} end`));
      const captured = { name: 'n', digest: digestOf(1), size: 1, mediaType: 'text/plain' };
      report.fact({ type: 'artifact.captured', step, execution, path: `out/${SECRET}`, ...captured });
      if (step === 'a') return { kind: 'failed', code: 'X', message: `no ${SECRET}`, retryable: false, exitCode: 1 };
      if (step === 'b') throw new SecretError('SECRET_UNAVAILABLE', `thrown ${SECRET}`);
      return { kind: 'succeeded', outputs: { list: [{ [`k${SECRET}`]: 1 }] } };
    });
    expect(failureOf(one.memory, one.run)).toBe('SECRET_IN_OUTPUT');
    expect(one.stored).not.toContain(SECRET);
    expect(one.stored).toContain('out [redacted] end');
    expect(one.stored).toContain('no [redacted]');
    expect(one.stored).toContain('out/[redacted]');
    expect(one.stored).toContain('thrown [redacted]');
  });

  it.each<readonly [string, readonly SecretBinding[], (vault: Vault) => void, string]>([
    ['not bound on the worker', [], () => undefined, 'SECRET_NOT_GRANTED'],
    ['bound for another tenant', [binding({ tenants: ['other'] })], () => undefined, 'SECRET_NOT_GRANTED'],
    [
      'bound to another provider than admitted',
      [binding({ provider: 'other' })],
      () => undefined,
      'SECRET_NOT_GRANTED',
    ],
    ['bound for signed packs', [binding({ signedBy: [] })], () => undefined, 'SECRET_NOT_GRANTED'],
    ['bound for steps behind a gate', [binding({ requireGate: true })], () => undefined, 'SECRET_NOT_GRANTED'],
    ['not there', [binding()], (vault) => delete vault.values['deploy'], 'SECRET_UNAVAILABLE'],
    ['too short', [binding()], (vault) => (vault.values['deploy'] = 'short\n'), 'SECRET_TOO_SHORT'],
    ['common', [binding()], (vault) => (vault.values['deploy'] = 'changeme'), 'SECRET_TRIVIAL'],
  ])('one that is %s fails the run, and no step sees it', async (_, bindings, prepare, code) => {
    const one = world([effect('a')], bindings);
    prepare(one.vault);
    let calls = 0;
    await one.drive(async () => {
      calls++;
      return ok;
    });
    expect([calls, failureOf(one.memory, one.run)]).toEqual([0, code]);
  });

  it.each<readonly [string, () => unknown, readonly string[]]>([
    [
      'throws an error of its own',
      () => {
        throw new Error('connection refused', { cause: new Error('ECONNREFUSED') });
      },
      ['Error: connection refused', 'Error: ECONNREFUSED'],
    ],
    [
      'throws what is no error',
      () => {
        throw null as unknown as Error;
      },
      [],
    ],
    // The message of a parser quotes what it could not read, such as the value.
    ['cannot parse its answer', () => JSON.parse(`${SECRET}`), ['SyntaxError']],
    ['returns no bytes', () => ({ value: SECRET, version: null }), ['TypeError: the provider returned no bytes']],
    ['returns nothing', () => undefined, ['TypeError: the provider returned no bytes']],
    [
      'returns a version that is none',
      () => ({ value: text(SECRET), version: 7 }),
      ['TypeError: the provider returned a version that is neither text nor null'],
    ],
  ])('a provider that %s is unavailable', async (_, answer, causes) => {
    const one = world([effect('a')]);
    one.vault.read = (async () => answer()) as Vault['read'];
    expect(await one.drive(async () => ok)).toBe('ended');
    expect(one.memory.run(one.run).run?.error).toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      message: 'the secret deploy cannot be read: the provider vault has failed',
    });
    expect(one.failures).toEqual([{ provider: 'vault', secret: 'deploy', causes }]);
    expect(one.memory.alarms).toHaveLength(1);
    expect(one.stored + JSON.stringify(one.failures)).not.toContain(SECRET);
  });

  it('a provider that throws before it returns a promise, at an attempt, is tried again', async () => {
    const one = world([effect('a'), effect('b', { needs: ['a'] })]);
    const read = one.vault.read.bind(one.vault);
    await one.drive(async ({ step }) => {
      if (step === 'b') return ok;
      one.vault.read = () => {
        one.vault.read = read;
        throw new Error(`no ${SECRET}`);
      };
      return ok;
    });
    expect(one.events).toContainEqual(
      expect.objectContaining({ type: 'attempt.failed', code: 'SECRET_UNAVAILABLE', retryable: true }),
    );
    expect(one.failures).toEqual([{ provider: 'vault', secret: 'deploy', causes: ['Error: no [redacted]'] }]);
  });

  it.each<readonly [string, (memory: MemoryWorld, run: RunId) => Promise<void>, string]>([
    ['the plan', async () => undefined, 'the plan'],
    [
      'a pack file',
      async (memory, run) => {
        const { digest, size } = await new MemoryObjects(memory.objectBytes).put(
          'acme' as TenantId,
          piecesOf(`echo ${SECRET}`),
          {
            maxBytes: 99,
          },
        );
        const { claimed } = memory.run(run);
        Object.assign(claimed, { files: [{ path: 'run.sh', digest, size, executable: true }] });
      },
      'the pack file run.sh',
    ],
    [
      'the name of a pack file',
      async (memory, run) => {
        const { digest, size } = await new MemoryObjects(memory.objectBytes).put('acme' as TenantId, piecesOf('x'), {
          maxBytes: 99,
        });
        const { claimed } = memory.run(run);
        Object.assign(claimed, { files: [{ path: `${SECRET}.sh`, digest, size, executable: true }] });
      },
      'the pack file [redacted].sh',
    ],
    [
      'the manifest',
      async (memory, run) => void Object.assign(memory.run(run).claimed, { manifest: `{"x":"${SECRET}"}` }),
      'the normalised manifest',
    ],
  ])('one that stands in %s ends the run before any step starts', async (what, prepare, place) => {
    const node = effect('a', what === 'the plan' ? { env: { COPY: SECRET } } : {});
    const one = world([node]);
    await prepare(one.memory, one.run);
    let calls = 0;
    const drive = () =>
      one.drive(async () => {
        calls++;
        return ok;
      });
    expect(await drive()).toBe('ended');
    expect([calls, failureOf(one.memory, one.run)]).toEqual([0, 'SECRET_IN_PACK']);
    const failed = one.events.find(({ type }) => type === 'run.failed');
    expect(failed).toMatchObject({ code: 'SECRET_IN_PACK', message: `a secret of the run was found in ${place}` });
    expect(JSON.stringify(one.memory.alarms)).toContain(`a secret of the run was found in ${place}`);
    // The final scan must know which secrets to search for.
    expect(one.events).toContainEqual(expect.objectContaining({ type: 'note', code: 'SECRET_VERSION' }));
    expect(one.stored).not.toContain(SECRET);
  });

  it.each(['refuse', 'allow'] as const)('one that changes under way: rotation %s', async (rotation) => {
    const one = world([effect('a'), effect('b', { needs: ['a'] })], [binding({ rotation })]);
    const seen: string[] = [];
    await one.drive(async ({ secrets }, report) => {
      seen.push(
        Buffer.from(secrets.get('deploy') ?? [])
          .toString()
          .trim(),
      );
      await report.line('info', seen.join(' '));
      one.vault.values['deploy'] = 'another-long-value';
      return ok;
    });
    expect(failureOf(one.memory, one.run)).toBe(rotation === 'refuse' ? 'SECRET_CHANGED' : null);
    expect(seen).toEqual(rotation === 'refuse' ? [SECRET] : [SECRET, 'another-long-value']);
    expect(one.stored).not.toMatch(/hunter2|another-long-value/);
  });

  it.each([
    ['outputs of a resolution', { receipt: `no ${SECRET}` }, 'seen', 'SECRET_IN_RESPONSE'],
    ['reason of a resolution', { receipt: 'PAY-7' }, `with ${SECRET}`, 'SECRET_IN_RESPONSE'],
    ['outputs without one', { receipt: 'PAY-7' }, 'seen', null],
  ])('typed by a person: %s', async (_, outputs, reason, code) => {
    const one = world([effect('a', { effects: 'once' })]);
    expect(await one.drive(async () => ({ kind: 'lost', reason: 'X' }))).toBe('handed-over');
    await one.drive(async () => ok);
    expect(one.memory.rows.get(one.run)?.get('a')).toMatchObject({ status: 'needs_attention' });
    const record = {
      schema: 'taskrunner.resolution.v1',
      runId: one.run,
      tenant: 'acme',
      step: 'a',
      execution: 1,
      outcome: 'succeeded',
      outputsDigest: digestOf(outputs),
      person: { iss: 'https://issuer.test', sub: 'grace' },
      reason,
      authTime: '2026-01-01T00:00:00.000Z',
      decidedAt: '2026-01-01T00:00:01.000Z',
      proof: { kind: 'service' },
    };
    const supplied = { type: 'attention.resolved', step: 'a', execution: 1, outcome: 'succeeded', outputs: null, record: digestOf({}) } as never; // prettier-ignore
    one.memory.post(one.run, supplied, one.memory.seal('ledger', PAYLOAD_TYPE.resolution, record), outputs);
    expect(await one.drive(async () => ok)).toBe('ended');
    expect(failureOf(one.memory, one.run)).toBe(code);
    expect(one.stored).not.toContain(SECRET);
    const detail = { folder: 'resolutions', step: 'a', letter: 1 };
    const notes = one.events.filter((event) => 'code' in event && event.code === 'RECORD_WITHHELD');
    expect(notes).toEqual(code === null ? [] : [{ type: 'note', code: 'RECORD_WITHHELD', detail }]);
  });

  it('typed as the reason of a cancellation is redacted', async () => {
    const one = world([effect('a')]);
    const by = { iss: 'https://issuer.test', sub: 'ada' };
    await one.drive(async () => {
      one.memory.post(one.run, { type: 'run.cancel-requested', by, reason: `leaked ${SECRET}`, force: false });
      one.memory.run(one.run).owner = null;
      return ok;
    });
    await one.drive(async () => ok);
    expect(one.stored).toContain('leaked [redacted]');
    expect(one.stored).not.toContain(SECRET);
  });

  it('a next owner redacts what the first one read', async () => {
    const one = world([effect('a'), effect('b', { needs: ['a'], secrets: [] })]);
    one.memory.beforeCommit = (commit) => {
      if (JSON.stringify(commit.page).includes('attempt.succeeded')) one.memory.run(one.run).owner = null;
    };
    expect(await one.drive(async () => ok)).toBe('claim-lost');
    one.memory.beforeCommit = () => undefined;
    await one.drive(async (_, report) => {
      await report.line('info', SECRET);
      return ok;
    });
    expect(one.memory.run(one.run).run).toMatchObject({ status: 'succeeded' });
    expect(one.stored).not.toContain(SECRET);
    expect(one.events.filter(({ type }) => type === 'note')).toHaveLength(1);
  });
});

describe('sensitive inputs of a run', () => {
  const keys = {
    open: (place: { readonly name: string }, sealed: Uint8Array) =>
      Buffer.from(sealed).toString() === `sealed ${place.name}` ? SECRET : null,
  } as unknown as SensitiveInputs;
  const pinned = () => {
    const memory = new MemoryWorld();
    const plan = {
      ...aPlan(aBlock([effect('a', { secrets: [], env: { PIN: '{{ inputs.pin }}' } })])),
      inputs: { pin: { sensitive: true } },
    };
    return { memory, run: memory.submit(plan, { pin: { sensitive: true } }) };
  };

  it('reach env of the step and nothing that is stored', async () => {
    const { memory, run } = pinned();
    memory.sensitive.set(run, [{ name: 'pin', sealed: text('sealed pin') }]);
    const act = async ({ env }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> => {
      await report.line('info', `pin ${env['PIN']}`);
      return env['PIN'] === SECRET ? ok : { kind: 'failed', code: 'X', message: '', retryable: false, exitCode: 1 };
    };
    const dependencies = memory.dependencies([new Acting(act)], {
      secrets: { bindings: [], providers: new Map(), sensitive: keys, providerFailed: () => undefined },
    });
    const driver = await RunDriver.open(dependencies, memory.claim(run));
    expect(typeof driver === 'string' ? driver : await driver.drive()).toBe('ended');
    expect(memory.run(run).run).toMatchObject({ status: 'succeeded' });
    expect(JSON.stringify(memory.pages.get(run)) + JSON.stringify([...(memory.chunks.get(run) ?? [])].map(({ data }) => Buffer.from(data).toString()))).not.toContain(SECRET); // prettier-ignore
  });

  it.each([
    ['is missing', [], keys],
    ['belongs elsewhere', [{ name: 'pin', sealed: text('sealed other') }], keys],
    ['has no key here', [{ name: 'pin', sealed: text('sealed pin') }], null],
  ])('one that %s halts the run', async (_, stored, sensitive) => {
    const { memory, run } = pinned();
    memory.sensitive.set(run, stored);
    const dependencies = memory.dependencies([new Acting(async () => ok)], {
      secrets: { bindings: [], providers: new Map(), sensitive, providerFailed: () => undefined },
    });
    expect(await RunDriver.open(dependencies, memory.claim(run))).toBe('halted');
    expect(memory.run(run).halted).toBe('SENSITIVE_INPUT_UNREADABLE');
  });
});
