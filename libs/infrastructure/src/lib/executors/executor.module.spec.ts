import { Module, type FactoryProvider } from '@nestjs/common';
import type { Json } from '@taskrunner/core/foundation';
import { BUILTIN_EXECUTORS, type ExecutorDescriptor } from '@taskrunner/core/plan';
import { Executor, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { GREETING } from '@taskrunner/core/testing';
import { withAdapters } from '../composition/adapters';
import { EXECUTOR_DESCRIPTORS, ExecutorModule, EXECUTORS } from './executor.module';
import { aRequest, Report } from './testing/requests';

class Greeting extends Executor {
  constructor(private readonly outputs: (name: Json) => Json = (name) => ({ text: `Hello ${JSON.stringify(name)}` })) {
    super();
  }

  async execute({ with: { name = null } }: ExecutionRequest): Promise<Outcome> {
    return { kind: 'succeeded', outputs: this.outputs(name) };
  }
}

const feature = ExecutorModule.forFeature([{ descriptor: GREETING, executor: Greeting }]);
const builtins = ExecutorModule.forFeature(BUILTIN_EXECUTORS.map((descriptor) => ({ descriptor })));

@Module({ imports: [feature] })
class PlatformModule {}

/** The value that a module provides for a token, with these dependencies. */
function provided<Value>(
  { providers = [] }: { providers?: readonly unknown[] },
  token: symbol,
  ...dependencies: unknown[]
): Value {
  const found = (providers as FactoryProvider<Value>[]).find(({ provide }) => provide === token);
  if (!found) throw new Error('it is not provided');
  return found.useFactory(...dependencies) as Value;
}

const described = (imports: Parameters<typeof ExecutorModule.forRoot>[0]['imports']): readonly string[] =>
  provided<readonly ExecutorDescriptor[]>(
    ExecutorModule.forRoot({ imports, performs: false }),
    EXECUTOR_DESCRIPTORS,
  ).map(({ uses }) => uses);

describe('executors of an application', () => {
  it('are those that its modules register, wherever they stand, each once', () => {
    expect(described([feature])).toEqual([GREETING.uses]);
    expect(described([PlatformModule, { module: class {}, imports: [feature] }])).toEqual([GREETING.uses]);
    expect(described([builtins, PlatformModule])).toHaveLength(BUILTIN_EXECUTORS.length + 1);
    expect(described([builtins, ExecutorModule.forFeature([])])).toHaveLength(BUILTIN_EXECUTORS.length);
  });

  it('keep their module where adapters change others', () => {
    const provider = { provide: 'other', useFactory: () => 1 };
    const tree = { module: class {}, imports: [feature, { module: class {}, providers: [provider] }] };
    const [same, changed] = withAdapters(tree, [{ provide: 'other', useFactory: () => 2 }]).imports ?? [];
    expect(same).toBe(feature);
    expect(changed).not.toBe(tree.imports[1]);
  });

  it.each<[string, () => unknown]>([
    ['EXECUTOR_TWICE', () => described([feature, ExecutorModule.forFeature([{ descriptor: { ...GREETING } }])])],
    [
      'EXECUTOR_DESCRIPTOR_INVALID',
      () => described([ExecutorModule.forFeature([{ descriptor: { ...GREETING, uses: 'builtin:noop' } }])]),
    ],
    [
      'EXECUTOR_DESCRIPTOR_INVALID',
      () => described([ExecutorModule.forFeature([{ descriptor: { ...GREETING, behaviour: 0 } }])]),
    ],
    [
      'EXECUTOR_MISSING',
      () =>
        ExecutorModule.forRoot({ imports: [ExecutorModule.forFeature([{ descriptor: GREETING }])], performs: true }),
    ],
  ])('are refused with %s before anything is opened', (code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

describe('an executor of a platform team', () => {
  const perform = (parameters: Record<string, Json>, executor = new Greeting()) => {
    const telemetry = { watchExecutors: (executors: ReadonlyMap<string, Executor>) => executors };
    const root = ExecutorModule.forRoot({ imports: [feature], performs: true });
    const executors = provided<ReadonlyMap<string, Executor>>(root, EXECUTORS, telemetry, executor);
    return executors.get(GREETING.uses)?.execute(aRequest(parameters), new Report());
  };

  it('performs its steps', async () => {
    expect(await perform({ name: 'Ada' })).toEqual({ kind: 'succeeded', outputs: { text: 'Hello "Ada"' } });
  });

  it('is given nothing that its descriptor does not allow', async () => {
    expect(await perform({ name: '' })).toMatchObject({ kind: 'failed', code: 'WITH_INVALID', retryable: false });
  });

  it('returns nothing that its descriptor does not promise', async () => {
    const other = new Greeting(() => ({ text: 7 }));
    expect(await perform({ name: 'Ada' }, other)).toMatchObject({ kind: 'failed', code: 'OUTPUTS_INVALID' });
  });

  it.each<[string, unknown, object]>([
    [
      'a date',
      { text: new Date(0) },
      { code: 'OUTPUTS_INVALID', message: 'the outputs are not JSON: not a JSON value' },
    ],
    ['nothing', undefined, { code: 'OUTPUTS_INVALID', retryable: false }],
  ])('does not end its run with outputs that nobody can store: %s', async (_what, outputs, outcome) => {
    const other = new Greeting(() => outputs as Json);
    expect(await perform({ name: 'Ada' }, other)).toMatchObject({ kind: 'failed', ...outcome });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a kind that nobody knows', { kind: 'done', outputs: {} }],
    ['a failure without a code', { kind: 'failed', message: 'no', retryable: false, exitCode: null }],
    ['an exit code that is none', { kind: 'failed', code: 'X', message: '', retryable: false }],
    ['time without a number', { kind: 'deferred' }],
    ['a time that is over', { kind: 'deferred', forMs: -1 }],
    ['a stop that says nothing', { kind: 'stopped' }],
    ['a loss without a reason', { kind: 'lost' }],
  ])('throws instead of returning %s', async (_what, outcome) => {
    const other = new Greeting();
    other.execute = async () => outcome as Outcome;
    await expect(perform({ name: 'Ada' }, other)).rejects.toThrow('the executor returned no outcome');
  });
});
