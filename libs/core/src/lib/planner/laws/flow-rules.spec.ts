import { packText, plan, testConfiguration } from '../../../testing/planning';

// Where late-bound roots, secrets and sensitive inputs may stand (docs/guides/writing-packs.md, Expressions): each field with each of them, with its place.

const configuration = {
  ...testConfiguration,
  secrets: { key: { provider: 'files', requireGate: false } },
  sensitiveInputs: true,
};
const spec = `
inputs: [ { name: pin, type: string, sensitive: true }, { name: list, type: array, default: [1] } ]
secrets: [ { name: key } ]
approvals: [ { id: owners } ]
policies: [ { id: soft, engine: cel, source: "true", level: soft-mandatory } ]`;
const noop = 'run: { uses: "builtin:noop" }';
const command = (more: string): string =>
  `- { id: a, run: { uses: "builtin:command", with: { command: [x] }, ${more} } }`;

/** Which rule a field follows. */
type Kind = 'condition' | 'list' | 'text';
interface Field {
  readonly name: string;
  /** The manifest with this expression in the field. */
  readonly at: (expression: string) => string;
  readonly kind: Kind;
  /** What may stand there. */
  readonly takes: readonly ('run' | 'tenant' | 'secrets' | 'pin')[];
  /** The code where only some roots are read at all. */
  readonly refusal?: 'EXPR_NOT_ALLOWED' | 'GATE_WHEN';
}
const steps = (text: (expression: string) => string) => (expression: string) => packText(text(expression), spec);
const around = (more: (expression: string) => string) => (expression: string) =>
  packText(`- { id: a, ${noop} }`, `${spec}\n${more(expression)}`);
const LATE = ['run', 'tenant'] as const;
const ALL = ['run', 'tenant', 'secrets', 'pin'] as const;

const FIELDS: readonly Field[] = [
  { name: 'when', kind: 'condition', takes: [], at: steps((x) => `- { id: a, when: "${x}", ${noop} }`) },
  {
    name: 'when of a branch',
    kind: 'condition',
    takes: [],
    at: steps((x) => `- { id: c, conditional: { branches: [ { when: "${x}", steps: [ { id: a, ${noop} } ] } ] } }`),
  },
  {
    name: 'when of a gate',
    kind: 'condition',
    takes: [],
    refusal: 'GATE_WHEN',
    at: steps((x) => `- { id: g, when: "${x}", gate: { approval: owners } }`),
  },
  {
    name: 'items of a map',
    kind: 'list',
    takes: [],
    at: steps((x) => `- { id: m, map: { items: "${x}", maxItems: 3, step: { id: a, ${noop} } } }`),
  },
  {
    name: 'label',
    kind: 'text',
    takes: [],
    at: steps((x) => `- { id: m, map: { items: [1], label: "${x}", step: { id: a, ${noop} } } }`),
  },
  {
    name: 'outputs of a map',
    kind: 'text',
    takes: [],
    at: steps((x) => `- { id: m, map: { items: [1], outputs: { o: "${x}" }, step: { id: a, ${noop} } } }`),
  },
  {
    name: 'until of a loop',
    kind: 'condition',
    takes: [],
    at: steps((x) => `- { id: l, loop: { until: "${x}", maxIterations: 2, body: [ { id: a, ${noop} } ] } }`),
  },
  {
    name: 'items of a loop',
    kind: 'list',
    takes: [],
    at: steps((x) => `- { id: l, loop: { items: { expression: "${x}" }, body: [ { id: a, ${noop} } ] } }`),
  },
  { name: 'env', kind: 'text', takes: ALL, at: steps((x) => command(`env: { X: "${x}" }`)) },
  { name: 'files', kind: 'text', takes: ALL, at: steps((x) => command(`files: { f: { content: "${x}" } }`)) },
  {
    name: 'stdin of a command',
    kind: 'text',
    takes: ALL,
    at: steps((x) => `- { id: a, run: { uses: "builtin:command", with: { command: [x], stdin: "${x}" } } }`),
  },
  {
    name: 'an argument',
    kind: 'text',
    takes: LATE,
    at: steps((x) => `- { id: a, run: { uses: "builtin:command", with: { command: [x, "${x}"] } } }`),
  },
  {
    name: 'with of a step in the journal',
    kind: 'text',
    takes: LATE,
    at: steps((x) => `- { id: a, run: { uses: "builtin:noop", with: { x: "${x}" } } }`),
  },
  {
    name: 'a header of http',
    kind: 'text',
    takes: ALL,
    at: steps(
      (x) => `- { id: a, run: { uses: "builtin:http", with: { url: "https://a.test", headers: { X-A: "${x}" } } } }`,
    ),
  },
  {
    name: 'outputs of http',
    kind: 'text',
    takes: [],
    at: steps(
      (x) => `- { id: a, run: { uses: "builtin:http", with: { url: "https://a.test", outputs: { o: "${x}" } } } }`,
    ),
  },
  {
    name: 'message',
    kind: 'text',
    takes: LATE,
    at: steps((x) => `- { id: g, gate: { approval: owners, message: "${x}" } }`),
  },
  {
    name: 'show',
    kind: 'text',
    takes: LATE,
    at: steps((x) => `- { id: g, gate: { approval: owners, show: { a: "${x}" } } }`),
  },
  {
    name: 'with of a policy gate',
    kind: 'text',
    takes: LATE,
    at: steps((x) => `- { id: g, gate: { policy: soft, with: { a: "${x}" } } }`),
  },
  {
    name: 'outputs of the pack',
    kind: 'text',
    takes: [],
    at: around((x) => `outputs: [ { name: o, value: "${x}" } ]`),
  },
  { name: 'success.message', kind: 'text', takes: [], at: around((x) => `success: { message: "${x}" }`) },
  { name: 'failure.message', kind: 'text', takes: [], at: around((x) => `failure: { message: "${x}" }`) },
  {
    name: 'concurrency.group',
    kind: 'text',
    takes: [],
    refusal: 'EXPR_NOT_ALLOWED',
    at: around((x) => `concurrency: { group: "${x}" }`),
  },
  {
    name: 'reasonTemplate',
    kind: 'text',
    takes: [],
    refusal: 'EXPR_NOT_ALLOWED',
    at: (x) =>
      packText(`- { id: a, ${noop} }`, spec.replace('{ id: owners }', `{ id: owners, reasonTemplate: "${x}" }`)),
  },
];

/** How each root is read, as what the field wants. */
const READS: Readonly<Record<'run' | 'tenant' | 'secrets' | 'pin', string>> = {
  run: 'run.id',
  tenant: 'tenant',
  secrets: 'secrets.key',
  pin: 'inputs.pin',
};
const wrapped = (kind: Kind, read: string): string =>
  kind === 'condition' ? `{{ ${read} == 'x' }}` : kind === 'list' ? `{{ [${read}] }}` : `{{ ${read} }}`;

function codeOf(field: Field, root: keyof typeof READS): string | null {
  if (field.takes.includes(root)) return null;
  // `inputs` is read in every field; what is sensitive of it is not.
  if (root === 'pin') return 'SENSITIVE_FLOW';
  if (field.refusal !== undefined) return field.refusal;
  return root === 'secrets' ? 'SENSITIVE_FLOW' : 'EXPR_LATE_BOUND';
}

const cases = FIELDS.flatMap((field) =>
  (Object.keys(READS) as (keyof typeof READS)[]).map((root) => ({ name: field.name, root, field })),
);

describe('what may stand in a field', () => {
  it.each(cases)('$name and $root', ({ field, root }) => {
    const text = field.at(wrapped(field.kind, READS[root]));
    const planning = plan(text, { pin: '4711-0815-4711' }, { configuration });
    const faults =
      planning.kind === 'refused' ? planning.faults.filter(({ code }) => code !== 'PLAN_KIND_UNAVAILABLE') : [];
    const lines = text.split('\n');
    const found = faults.map(({ code, line, column }) => [code, lines[(line ?? 0) - 1]?.slice((column ?? 0) - 1)]);
    const code = codeOf(field, root);
    if (code === null) return expect(found).toEqual([]);
    // Over a response nothing else has a name at all.
    const more = field.name === 'outputs of http' ? ['EXPR_UNKNOWN_NAME'] : [];
    expect(found.map(([one]) => one)).toEqual([code, ...more]);
    expect(found[0]?.[1]).toMatch(new RegExp(`^(${READS[root].replace('.', '\\.')}|pin)`));
  });
});

describe('results that no gate has reviewed', () => {
  const x = 'run: { uses: "builtin:command", with: { command: [x] } }';
  const both = `- { id: s, needs: [], ${x} }\n- { id: g, needs: [], gate: { approval: owners } }\n`;
  const behind = (body: string): string => `${both}- { id: b, needs: [s, g], ${body} }`;
  const read = 'steps.s.outputs.y';
  it.each<[string, string]>([
    ['when', behind(`when: "{{ ${read} == 1 }}", ${x}`)],
    ['argv[0]', behind(`run: { uses: "builtin:command", with: { command: ["{{ ${read} }}"] } }`)],
    ['an argument', behind(`run: { uses: "builtin:command", with: { command: [x, "{{ ${read} }}"] } }`)],
    ['a whole argv', behind(`run: { uses: "builtin:command", with: { command: "{{ ${read} }}" } }`)],
    ['env', behind(`run: { uses: "builtin:command", with: { command: [x] }, env: { Y: "{{ ${read} }}" } }`)],
    [
      'files',
      behind(`run: { uses: "builtin:command", with: { command: [x] }, files: { f: { content: "{{ ${read} }}" } } }`),
    ],
    ['items', behind(`map: { items: "{{ ${read} }}", maxItems: 2, step: { id: c, ${x} } }`)],
    ['a label', behind(`map: { items: [1], label: "{{ ${read} }}", step: { id: c, ${x} } }`)],
    ['outputs of a map', behind(`map: { items: [1], outputs: { o: "{{ ${read} }}" }, step: { id: c, ${x} } }`)],
    ['a step in a map', behind(`map: { items: [1], step: { id: c, when: "{{ ${read} == 1 }}", ${x} } }`)],
    ['a branch', behind(`conditional: { branches: [ { when: "{{ ${read} == 1 }}", steps: [ { id: c, ${x} } ] } ] }`)],
    [
      'a step in a branch',
      behind(`conditional: { branches: [ { when: true, steps: [ { id: c, when: "{{ ${read} == 1 }}", ${x} } ] } ] }`),
    ],
    ['a step in a group', behind(`group: { steps: [ { id: c, ${x} }, { id: d, when: "{{ ${read} == 1 }}", ${x} } ] }`)],
    ['cleanup', behind(`runOn: always, when: "{{ ${read} == 1 }}", ${x}`)],
    [
      'a gate in a group',
      `- { id: s, needs: [], ${x} }\n- { id: p, needs: [], group: { steps: [ { id: g, gate: { approval: owners } } ] } }\n- { id: b, needs: [s, p], when: "{{ ${read} == 1 }}", ${x} }`,
    ],
    [
      'one of two gates side by side',
      `- { id: s, needs: [], ${x} }\n- { id: g, needs: [s], gate: { approval: owners } }\n- { id: h, needs: [], gate: { approval: owners } }\n- { id: b, needs: [g, h], when: "{{ ${read} == 1 }}", ${x} }`,
    ],
    [
      'what stands behind the gate as a whole argv',
      `- { id: g, gate: { approval: owners } }\n- { id: s, ${x} }\n- { id: b, run: { uses: "builtin:command", with: { command: "{{ ${read} }}" } } }`,
    ],
  ])('are refused in %s', (_, text) => {
    const manifest = packText(text, spec);
    const planning = plan(manifest, { pin: '4711-0815-4711' }, { configuration });
    const faults = planning.kind === 'refused' ? planning.faults : [];
    expect(faults.map(({ code }) => code)).toEqual(['GATE_UNREVIEWED_INPUT']);
    const [{ line, column } = { line: 0, column: 0 }] = faults;
    expect(manifest.split('\n')[(line ?? 0) - 1]?.slice((column ?? 0) - 1)).toMatch(/^"\{\{ steps\.s/);
  });

  it.each<[string, string]>([
    [
      'the gate itself',
      `- { id: g, gate: { approval: owners } }\n- { id: b, when: "{{ steps.g.outputs.decision == 'approved' }}", ${x} }`,
    ],
    [
      'what a gate that comes later has seen',
      `- { id: g, gate: { approval: owners } }\n- { id: s, ${x} }\n- { id: h, gate: { approval: owners } }\n- { id: b, when: "{{ ${read} == 1 }}", ${x} }`,
    ],
    [
      'what stands behind the same gate',
      `- { id: g, gate: { approval: owners } }\n- { id: s, ${x} }\n- { id: b, run: { uses: "builtin:command", with: { command: [x, "{{ ${read} }}"] } } }`,
    ],
    [
      'anything where no gate applies',
      both.replace('id: g, needs: []', 'id: g, needs: [], when: false') +
        `- { id: b, needs: [s, g], when: "{{ ${read} == 1 }}", ${x} }`,
    ],
  ])('are not: %s', (_, text) => {
    const planning = plan(packText(text, spec), { pin: '4711-0815-4711' }, { configuration });
    expect(planning.kind === 'refused' ? planning.faults : []).toEqual([]);
  });
});

describe('a gate', () => {
  it.each(['retries: { maxAttempts: 2 }', 'continueOnError: true', 'effects: once'])('has no %s', (field) => {
    const text = packText(`- { id: g, ${field}, gate: { approval: owners } }`, spec);
    const planning = plan(text, {}, { configuration });
    const name = field.split(':')[0] ?? '';
    const faults = planning.kind === 'refused' ? planning.faults : [];
    expect(faults.map(({ code }) => code)).toEqual(['PACK_GATE_FIELD']);
    const [{ line, column } = { line: 0, column: 0 }] = faults;
    expect(
      text
        .split('\n')
        [(line ?? 0) - 1]?.slice((column ?? 0) - 1)
        .startsWith(name),
    ).toBe(true);
  });
});
