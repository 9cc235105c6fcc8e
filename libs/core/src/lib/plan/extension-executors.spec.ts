import { extended, GREETING } from '../../testing/extension';
import { packText, plan, planned, testEnvironment } from '../../testing/planning';
import type { Json } from '../foundation/json';
import { BUILTIN_EXECUTORS } from './builtin-executors';
import type { ExecutorDescriptor } from './executor-descriptor';
import { availableExecutors, checkExtensions, executorNamed, objectionsTo } from './extension-executors';

const environment = extended(testEnvironment);
const pack = (parameters: string, more = ''): string =>
  packText(`
- { id: greet${more}, run: { uses: "${GREETING.uses}", with: ${parameters} } }
- { id: read, run: { uses: "builtin:noop", with: { got: "{{ steps.greet.outputs.text }}" } } }
`);
const codes = (text: string, where = environment): readonly string[] => {
  const planning = plan(text, {}, { environment: where });
  return planning.kind === 'refused' ? planning.faults.map(({ code }) => code) : [];
};

describe('the executors of an environment', () => {
  const listed = { ...environment, executors: { ...environment.executors, 'builtin:container': 1 } };
  const altered = { ...environment, extensions: { 'ext:broken@1.0.0': {} as ExecutorDescriptor } };
  const named = [...BUILTIN_EXECUTORS.map(({ uses }) => uses), GREETING.uses, 'ext:broken@1.0.0'];

  it.each([
    ['as it is', environment],
    ['with one that its operator has configured', listed],
    ['without extensions', testEnvironment],
    ['with an extension that cannot be used', altered],
  ])('%s are those that the planner finds', (_what, where) => {
    const found = availableExecutors(where).map(({ uses }) => uses);
    const missing = (uses: string) => {
      const all = codes(packText(`- { id: a, run: { uses: "${uses}" } }`), where);
      return all.includes('EXECUTOR_UNAVAILABLE') || all.includes('EXECUTOR_UNKNOWN');
    };
    expect(found).toEqual(named.filter((uses) => !missing(uses)).sort());
  });
});

describe('a pack that uses an executor of a platform team', () => {
  it('is planned by its descriptor', () => {
    const made = planned(pack('{ name: Ada, tone: warm }'), {}, { environment });
    expect(made.plan.executors).toEqual(['builtin:noop', GREETING.uses]);
    expect(made.plan.graph.nodes[0]).toMatchObject({
      uses: GREETING.uses,
      effects: 'idempotent',
      with: { name: 'Ada' },
    });
  });

  it.each<[string, string, readonly string[]]>([
    ['a parameter is missing', pack('{}'), ['EXECUTOR_PARAMETER_MISSING']],
    ['a parameter is unknown', pack('{ name: Ada, title: Dr }'), ['EXECUTOR_PARAMETER_UNKNOWN']],
    ['a parameter has another type', pack('{ name: 7 }'), ['EXECUTOR_PARAMETER']],
    ['it states looser effects', pack('{ name: Ada }', ', effects: pure'), ['PLAN_EFFECTS_LOOSER']],
  ])('is refused if %s', (_what, text, expected) => expect(codes(text)).toEqual(expected));

  it('is refused where an expression reads an output that it does not have', () => {
    expect(codes(pack('{ name: Ada }').replace('outputs.text', 'outputs.other'))).toHaveLength(1);
  });

  it('is refused where the environment does not have it', () => {
    expect(codes(pack('{ name: Ada }'), testEnvironment)).toContain('EXECUTOR_UNAVAILABLE');
  });

  it.each<[string, unknown]>([
    ['no descriptor', 'sha512-1'],
    ['an empty one', {}],
    ['that of another executor', { ...GREETING, uses: 'ext:other@1.0.0' }],
    ['one with a schema that is none', { ...GREETING, outputs: { from: 'schema', schema: { type: 'text' } } }],
  ])('is refused where a document has %s in its place', (_what, descriptor) => {
    const altered = { ...environment, extensions: { [GREETING.uses]: descriptor as ExecutorDescriptor } };
    expect(codes(pack('{ name: Ada }'), altered)).toContain('EXECUTOR_UNAVAILABLE');
  });

  it('leaves built-in executors as they are', () => {
    const taken = { ...environment, extensions: { 'builtin:noop': { ...GREETING, uses: 'builtin:noop' } } };
    expect(executorNamed('builtin:noop', taken)).toBeNull();
    expect(executorNamed('builtin:noop', environment)?.effects).toBe('pure');
    expect(executorNamed('builtin:noop', { extensions: null as never })?.effects).toBe('pure');
  });
});

describe('a descriptor', () => {
  it('is accepted as it should be', () => expect(objectionsTo(GREETING as unknown as Json)).toEqual([]));

  it.each<[string, object, string]>([
    ['the name of a built-in executor', { uses: 'builtin:greeting' }, '/uses'],
    ['no version', { uses: 'ext:greeting' }, '/uses'],
    ['a behaviour that is no version', { behaviour: 0 }, '/behaviour'],
    ['effects that nobody derives', { effects: 'pure' }, '/effects'],
    ['texts that a binding would read', { parameters: { a: { schema: true, reading: 'verbatim' } } }, '/parameters/a'],
    ['a schema that is none', { parameters: { a: { schema: { type: 'text' } } } }, '/parameters/a/schema'],
    ['outputs that are parameters', { outputs: { from: 'parameters' } }, '/outputs'],
    [
      'a member that nobody knows',
      { network: true },
      '(root) has the unknown member network; known are uses, behaviour, effects, parameters, declares, outputs, sealed',
    ],
    [
      'a member of a parameter that nobody knows',
      { parameters: { 'a-b': { schema: true, default: 1 } } },
      '/parameters/a-b has the unknown member default; known are schema, required, reading',
    ],
    ['other effects', { effects: 'safe' }, '/effects must be one of: idempotent, once'],
    [
      'another reading',
      { parameters: { a: { schema: true, reading: 'text' } } },
      '/parameters/a/reading must be one of: plain, argument',
    ],
    ['a name that is none', { uses: 'ext:Greeting@1' }, '/uses must be ext:<name>@<version>'],
  ])('is refused with %s', (_what, change, at) => {
    const [objection] = objectionsTo({ ...GREETING, ...change } as unknown as Json);
    expect(objection).toContain(at);
    const refused = () => checkExtensions([{ ...GREETING, ...change }]);
    expect(refused).toThrow(expect.objectContaining({ code: 'EXECUTOR_DESCRIPTOR_INVALID' }));
  });

  it('is registered once', () => {
    expect(() => checkExtensions([GREETING, GREETING])).toThrow(expect.objectContaining({ code: 'EXECUTOR_TWICE' }));
  });
});
