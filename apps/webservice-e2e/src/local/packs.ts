import { pack } from '../stack/stack';

/** A pack that both ways of running execute. */
export interface ComparedPack {
  readonly name: string;
  readonly manifest: string;
  /** Texts of inputs. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Answers of a person at the terminal, in order: the question, and what is typed. */
  readonly answers: readonly (readonly [RegExp, string | RegExp])[];
  /** Decisions about its gates through the API, in order. */
  readonly decisions: readonly (readonly [gate: string, decision: object])[];
}

const DIGEST = [/type the first 8 characters/, /gate digest\s+sha256:([0-9a-f]{8})/g] as const;
const approved = (more: ComparedPack['answers'] = []): ComparedPack['answers'] => [
  [/approve, reject or later\?/, 'approve'],
  ...more,
  DIGEST,
];

const command = (text: string): string =>
  `effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "${text}"] }`;

/** Packs with what a run can have. One thing happens after another in them, so that their journals can be compared entry by entry. */
export function comparedPacks(port: number): readonly ComparedPack[] {
  const none = { inputs: {}, answers: [], decisions: [] };
  return [
    {
      ...none,
      name: 'commands',
      inputs: { who: 'Ada', pin: 'correct-horse-7' },
      manifest: pack(
        [
          `- { id: greet, ${command('echo hello {{ inputs.who }}; echo made > out/a.txt')}, env: { PIN: "{{ inputs.pin }}" }, artifacts: [ { name: a, path: out/a.txt } ] } }`,
          `- { id: each, map: { items: [1, 2, 3], maxParallel: 1, steps: [ { id: one, ${command('echo item {{ item }}')} } } ] } }`,
          `- { id: inner, run: { uses: "pack:./inner", with: { word: "{{ inputs.who }}" } } }`,
          `- { id: fails, continueOnError: true, ${command('echo no >&2; exit 3')} } }`,
        ].join('\n'),
        `  inputs: [ { name: who, type: string, required: true }, { name: pin, type: string, required: true, sensitive: true } ]
  outputs: [ { name: said, type: string, value: "{{ steps.inner.outputs.said }}" } ]
`,
        'commands',
      ),
    },
    {
      ...none,
      name: 'gated',
      manifest: pack(
        `- { id: ask, gate: { approval: owners, message: "Go on?" } }
- { id: check, gate: { policy: p, with: { limit: 3 }, overrideApproval: owners } }
- { id: apply, ${command('echo applied')} } }`,
        `  approvals: [ { id: owners, grants: [packs.approve], reasonRequired: true } ]
  policies: [ { id: p, engine: cel, level: soft-mandatory, source: "params.limit > 5" } ]
`,
        'gated',
      ),
      answers: [...approved([[/Reason/, 'reviewed']]), ...approved([[/Reason/, 'reviewed']])],
      decisions: [
        ['ask', {}],
        ['check', {}],
      ],
    },
    {
      ...none,
      name: 'formed',
      manifest: pack(
        `- { id: ask, gate: { approval: owners, message: "Which window?", form: { type: object, properties: { window: { type: string } }, required: [window], additionalProperties: false } } }
- { id: apply, ${command('echo {{ steps.ask.outputs.response.window }}')} } }`,
        '  approvals: [ { id: owners, reasonRequired: true } ]\n',
        'formed',
      ),
      answers: approved([
        [/window \(/, 'tonight'],
        [/Reason/, 'reviewed'],
      ]),
      decisions: [['ask', { response: { window: 'tonight' } }]],
    },
    {
      ...none,
      name: 'sealed',
      manifest: pack(
        `- { id: call, effects: idempotent, run: { uses: "builtin:http", with: { url: "http://127.0.0.1:${port}/sealed", outputs: { status: "{{ response.status }}" } } } }
- { id: hello, ${command('echo hello')} } }`,
        `  sandbox: { mode: sealed, egressAllowlist: ["http://127.0.0.1:${port}"] }\n`,
        'sealed',
      ),
    },
  ];
}

/** The pack in the folder `inner` of each pack. */
export const INNER = pack(
  `- { id: say, run: { uses: "builtin:transform", with: { outputs: { text: "said {{ inputs.word }}" } } } }`,
  `  inputs: [ { name: word, type: string, required: true } ]
  outputs: [ { name: said, type: string, value: "{{ steps.say.outputs.text }}" } ]
`,
  'inner',
);
