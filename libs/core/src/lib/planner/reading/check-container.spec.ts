import { faultsOf, packText, plan, testEnvironment } from '../../../testing/planning';
import { parseImage } from '../context/image';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const container = (parameters: string, more = ''): string =>
  packText(`- { id: a, run: { uses: "builtin:container", with: { ${parameters} }${more} } }`);
const codes = (text: string): readonly string[] => faultsOf(text).map((fault) => fault.split(' ')[0] ?? '');

describe('builtin:container in a plan', () => {
  it('brings its images into the profile, each once, and its exit codes into the plan', () => {
    const text = packText(`
- { id: a, run: { uses: "builtin:container", with: { image: "b.example:5000/x/scan@${DIGEST}", args: [1, true] } } }
- { id: b, map: { items: [1, 2], step: { id: c, run: { uses: "builtin:container", with: { image: "a.example/y@${DIGEST}" } } } } }
- { id: d, run: { uses: "builtin:container", with: { image: "b.example:5000/x/scan@${DIGEST}" } } }
`);
    const planned = plan(text);
    if (planned.kind === 'refused') throw new Error(JSON.stringify(planned.faults));
    expect(planned.profile.images).toEqual({
      [`a.example/y@${DIGEST}`]: DIGEST,
      [`b.example:5000/x/scan@${DIGEST}`]: DIGEST,
    });
    expect(Object.keys(planned.profile.images)).toEqual([`a.example/y@${DIGEST}`, `b.example:5000/x/scan@${DIGEST}`]);
    expect(planned.plan.graph.nodes[0]).toMatchObject({ effects: 'idempotent', with: { okExitCodes: [0] } });
  });

  it.each([
    ['a tag', 'image: "busybox:1.36"', 'IMAGE_NOT_PINNED'],
    ['no tag', 'image: busybox', 'IMAGE_NOT_PINNED'],
    ['a tag beside the digest', `image: "busybox:1.36@${DIGEST}"`, 'IMAGE_NOT_PINNED'],
    ['another algorithm', `image: "busybox@sha512:${'a'.repeat(128)}"`, 'IMAGE_NOT_PINNED'],
    ['a short digest', 'image: "busybox@sha256:abc"', 'IMAGE_NOT_PINNED'],
    ['an option in the place of a name', `image: "--privileged@${DIGEST}"`, 'IMAGE_NOT_PINNED'],
    ['an expression', 'image: "{{ inputs.x }}"', 'EXPR_NOT_ALLOWED'],
    ['no image', 'command: [x]', 'EXECUTOR_PARAMETER_MISSING'],
    ['a list', `image: [x@${DIGEST}]`, 'EXECUTOR_PARAMETER'],
    ['an empty command', `image: "x@${DIGEST}", command: []`, 'EXECUTOR_PARAMETER'],
    ['a shell string', `image: "x@${DIGEST}", command: "rm -rf /"`, 'EXECUTOR_PARAMETER'],
    ['an exit code', `image: "x@${DIGEST}", okExitCodes: [256]`, 'EXECUTOR_PARAMETER'],
    ['an unknown resource', `image: "x@${DIGEST}", resources: { memory: 1 }`, 'EXECUTOR_PARAMETER_UNKNOWN'],
    ['a fraction', `image: "x@${DIGEST}", resources: { memoryMiB: 1.5 }`, 'EXECUTOR_PARAMETER'],
    ['a text as a number', `image: "x@${DIGEST}", resources: { maxProcesses: many }`, 'EXECUTOR_PARAMETER'],
    ['a parameter of docker', `image: "x@${DIGEST}", privileged: true`, 'EXECUTOR_PARAMETER_UNKNOWN'],
  ])('refuses %s', (_, parameters, code) => {
    expect(codes(container(parameters))).toEqual([code]);
  });

  it('refuses tools beside an image', () => {
    expect(codes(container(`image: "x@${DIGEST}"`, `, tools: { sh: ["${DIGEST}"] }`))).toEqual(['EXECUTOR_PARAMETER']);
  });

  it('is refused where the environment has no engine', () => {
    const { 'builtin:container': _, ...executors } = testEnvironment.executors;
    const planning = plan(container(`image: "x@${DIGEST}"`), {}, { environment: { ...testEnvironment, executors } });
    expect(planning.kind === 'refused' && planning.faults).toMatchObject([
      { code: 'EXECUTOR_UNAVAILABLE', message: 'builtin:container is not available in this environment.' },
    ]);
  });
});

describe('the name of an image', () => {
  it.each(['x', 'a/b', 'registry.example/a/b-c_d', 'localhost:5000/a', 'REG.example/a'])('may be %s', (name) => {
    expect(parseImage(`${name}@${DIGEST}`)).toEqual({ name, digest: DIGEST });
  });
  it.each(['', '/a', 'a/', 'a//b', 'A', 'a b', 'a:tag', '-a', 'h:x/a', 'a@b', '../a', `a/${'b'.repeat(255)}`])(
    'may not be %j',
    (name) => expect(parseImage(`${name}@${DIGEST}`)).toBeNull(),
  );
});
