import type { Json, JsonObject } from '../../lib/foundation/json';
import type { TenantId } from '../../lib/foundation/ids';
import type { PackSource, PlanningSetting } from '../../lib/operations/packs/pack-source';
import {
  planningContextOf,
  planningDependencies,
  workOf,
  type PlanningContext,
  type PlanningWork,
} from '../../lib/operations/planning/planning-work';
import type { Planner } from '../../lib/ports/packs/planner';
import { builtinBehaviours } from '../../lib/plan/builtin-executors';
import type { ContractCase } from './object-store-contract';
import { packText, testConfiguration, testEnvironment } from '../planning';

/** A planner under test, in its context. */
export interface PlannerBench {
  readonly planner: Planner<PlanningWork>;
  close(): Promise<void>;
}

const setting: PlanningSetting = {
  environment: { ...testEnvironment, executors: builtinBehaviours() },
  configuration: testConfiguration,
};
const ACME = 'acme' as TenantId;
const asker = { tenant: ACME, signers: [] };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const MANY = packText(
  Array.from({ length: 200 }, (_, i) => `- { id: s${i}, run: { uses: "builtin:noop", with: { i: ${i} } } }`).join('\n'),
);
const MAP = packText(
  '- { id: m, map: { items: "{{ inputs.xs }}", step: { id: s, run: { uses: "builtin:noop", with: { x: "{{ item }}" } } } } }',
  'inputs: [{ name: xs, type: array, required: true }]',
);
const packs: readonly (readonly [name: string, manifest: string, inputs: JsonObject])[] = [
  ['many steps', MANY, {}],
  ['a map', MAP, { xs: Array.from({ length: 500 }, (_, i) => ({ i, text: `ü ${i}` })) }],
  ['a missing input', MAP, {}],
  ['half a character in an input', MAP, { xs: ['\ud800'] }],
  ['what is no YAML', 'a: [', {}],
  ['a hundred faults', MANY.replaceAll('builtin:noop', 'builtin:nope'), {}],
  ['a name of JavaScript', packText('- { id: s, run: { uses: "builtin:noop", with: { __proto__: 1 } } }'), {}],
  [
    'packs that it uses',
    packText('- { id: p, run: { uses: "pack:p:1.0.0" } }\n- { id: q, run: { uses: "pack:./q" } }'),
    {},
  ],
  ['a gate', packText('- { id: g, gate: { approval: a, message: go } }', 'approvals: [{ id: a }]'), {}],
];

/** Contract of every planner: byte for byte the same results as the same work in the calling thread. */
export function plannerContract(open: (context: PlanningContext) => Promise<PlannerBench>): readonly ContractCase[] {
  const dependencies = planningDependencies(planningContextOf(setting));
  const same = <Kind extends keyof PlanningWork>(
    name: string,
    kind: Kind,
    asked: PlanningWork[Kind]['asked'],
  ): ContractCase => ({
    name: `gives for ${kind} of ${name} what is given here`,
    run: async () => {
      const bench = await open(planningContextOf(setting));
      try {
        const answer = await bench.planner.ask(ACME, kind, asked);
        expectSame(answer as Json, workOf(dependencies, kind, asked) as Json);
      } finally {
        await bench.close();
      }
    },
  });
  return packs.flatMap(([name, manifest, inputs]) => {
    const files = [
      { path: 'scripts/a.sh', bytes: utf8('echo ü\n'), executable: true },
      { path: 'q/pack.yaml', bytes: utf8(packText('- { id: r, run: { uses: "pack:r:2.0.0" } }')), executable: false },
    ];
    const source: PackSource = { manifest, hasLines: name !== 'many steps', files };
    const supplied = { source, inputs, asker };
    return [
      same(name, 'describe', source),
      same(name, 'uses', source),
      same(name, 'plan', supplied),
      same(name, 'simulate', { ...supplied, script: '{}' }),
      ...admitted(dependencies, supplied).map((asked) => same(name, 'replan', asked)),
    ];
  });
}

function admitted(
  dependencies: ReturnType<typeof planningDependencies>,
  supplied: PlanningWork['plan']['asked'],
): readonly PlanningWork['replan']['asked'][] {
  const planning = workOf(dependencies, 'plan', supplied);
  if (planning.kind === 'refused') return [];
  const { plan, profile, manifest } = planning.texts;
  const environment = JSON.stringify(setting.environment);
  return [
    { tenant: ACME, plan, profile, manifest, environment, files: supplied.source.files, inputs: supplied.inputs },
  ];
}

function expectSame(answer: Json, expected: Json): void {
  const [is, should] = [JSON.stringify(answer), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${is.slice(0, 500)}\nis not\n${should.slice(0, 500)}`);
}
