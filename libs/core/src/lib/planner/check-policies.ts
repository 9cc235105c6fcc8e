import { ANY_TYPE, arrayType, nullable, objectType, STRING_TYPE } from '../expression/static-type';
import { fromStatic, join, mapOf, orNull, ANY, type CelType } from '../policy/cel-type';
import type { DeclaredInput } from '../policy/check-cel';
import { checkPolicy } from '../policy/compile-policy';
import type { ExpressionReader } from './context/expression-reader';
import type { Faults } from './context/faults';
import { reportPolicy } from './reading/pack-parts';
import type { PackUnit } from './context/pack-unit';
import { isOverBefore, namesIn, stepNamed, viewType, type PlannedStep } from './context/planned-step';

/** Members that do not depend on the pack (`policyInput`). */
const SAME: readonly (readonly [string, CelType])[] = [
  [
    'plan',
    fromStatic(objectType({ hash: STRING_TYPE, pack: objectType({ name: STRING_TYPE, version: STRING_TYPE }) })),
  ],
  ['run', fromStatic(objectType({ id: STRING_TYPE }))],
  ['tenant', fromStatic(STRING_TYPE)],
  ['actor', fromStatic(arrayType(objectType({ iss: STRING_TYPE, sub: STRING_TYPE }, true)))],
  ['now', fromStatic(STRING_TYPE)],
];

/**
 * Checks the policies of a pack against their input at its gates: declared inputs, steps that have ended by then, and the gate's own
 * `with`. A policy of several gates may read what any of them provides.
 */
export function checkPolicies(
  unit: PackUnit,
  steps: readonly PlannedStep[],
  reader: ExpressionReader,
  faults: Faults,
): void {
  const { policies } = unit.read.pack.spec;
  policies.forEach(({ id, engine, source, path }, index) => {
    if (engine !== 'cel' || faults.unreadable?.isWithin(`/spec/policies/${index}`) === true) return;
    const bytes = path === null ? null : unit.files.read(path);
    const text = source ?? (bytes === null ? null : new TextDecoder().decode(bytes));
    if (text === null) return;
    const gates = steps.filter(
      ({ step: { body } }) => body.kind === 'gate' && body.gate.kind === 'policy' && body.gate.policy === id,
    );
    for (const fault of checkPolicy({ engine, source: text }, declaredFor(gates, reader, faults)))
      reportPolicy(policies, index, text, fault, faults, !fault.refuses);
  });
}

function declaredFor(gates: readonly PlannedStep[], reader: ExpressionReader, faults: Faults): DeclaredInput {
  const inputs = fromStatic(reader.policyInputs());
  const isUnreadable = faults.unreadable?.aboutSteps === true;
  if (gates.length === 0 || isUnreadable)
    return { roots: new Map([...SAME, ['inputs', inputs], ['steps', ANY], ['params', ANY]]) };
  const params = gates.map((gate) => fromStatic(gate.params ?? ANY_TYPE)).reduce(join);
  const seen = gates.map((gate) => stepsFor(gate));
  const steps = seen.map(({ views }) => mapOf(views)).reduce(join);
  const absent = new Map(seen.flatMap((one) => [...one.absent]));
  return { roots: new Map([...SAME, ['inputs', inputs], ['steps', steps], ['params', orMembersNull(params)]]), absent };
}

/** A parameter may be null because a step that it reads was skipped. */
function orMembersNull(type: CelType): CelType {
  if (type.fields === undefined) return type;
  return { ...type, fields: new Map([...type.fields].map(([name, one]) => [name, orNull(one)])) };
}

/** Steps that may have ended when a gate evaluates its policy, and those that cannot have. */
function stepsFor(gate: PlannedStep): {
  readonly views: ReadonlyMap<string, CelType>;
  readonly absent: NonNullable<DeclaredInput['absent']>;
} {
  const views = new Map<string, CelType>();
  const late: string[] = [];
  for (const name of namesIn(gate.list.scope)) {
    const step = stepNamed(gate.list.scope, name);
    if (step === null || views.has(name)) continue;
    if (step === gate || isAround(step, gate) || isOverBefore(gate, step)) late.push(name);
    else views.set(name, viewOf(step));
  }
  const remediation =
    views.size === 0
      ? 'move the gate after the step'
      : `read a step that ends before the gate: ${[...views.keys()].slice(0, 20).join(', ')}`;
  const why = 'it has not ended when the policy is evaluated';
  return { views, absent: new Map(late.map((name) => [`steps.${name}`, { why, remediation }])) };
}

/** The type of `steps.<id>` for a policy: its outputs may be anything. */
function viewOf(step: PlannedStep): CelType {
  const { fields = {} } = viewType(step);
  return fromStatic(
    objectType({ ...fields, outputs: ANY_TYPE, artifacts: ANY_TYPE, error: nullable(objectType({}, true)) }),
  );
}

function isAround(container: PlannedStep, step: PlannedStep): boolean {
  for (let at = step.parent; at !== null; at = at.parent) if (at === container) return true;
  return false;
}
