import { intersect, parseRule } from '../../egress/egress-rule';
import { describeType, objectType, type StaticType } from '../../expression/static-type';
import type { RunBody } from '../../pack/model/pack-step';
import type { InputRule } from '../../pack/model/pack';
import { ExpressionReader } from '../context/expression-reader';
import type { FieldReading, Place } from '../context/field-reading';
import { FIELDS } from '../context/field-rule';
import { knownInputs } from '../../plan/inner-inputs';
import { policyNamed } from '../context/inner-names';
import { checkPackFields, readPolicies } from './pack-parts';
import type { Block, InnerInput, PackNode } from '../../plan/plan';
import type { PackUnit } from '../context/pack-unit';
import { namesOf } from './inner-pack-names';
import { checkSupplied, markControl, readSupplied } from './supplied-input';
import { innerOf, type PlannedList, type PlannedStep } from '../context/planned-step';
import type { Around, Common, StepContext } from './step-context';
import { checkSecrets } from './read-run';
import { readSchema, typeOfInput, typeOfValueType } from '../context/resolve-inputs';
import { sortBy } from '../context/sort-by';

type ReadList = (list: PlannedList, around: Around, context: StepContext) => Block;

/**
 * Reads a step that uses another pack (docs/guides/writing-packs.md, Inner packs). The pack's inputs are computed from the caller's values; nothing else of the caller
 * is visible inside. Secrets and approvals are those that the step passes.
 */
export function readInnerPack(
  planned: PlannedStep,
  body: RunBody,
  common: Common,
  place: Place,
  context: StepContext,
  readList: ReadList,
): PackNode {
  const unit = innerOf(planned);
  const [list] = planned.lists;
  if (unit === null || list === undefined) throw new TypeError('the step does not use a pack');
  const at = `${planned.step.at}/run`;
  const { spec, metadata } = unit.read.pack;
  refuseFields(planned, body, context);
  checkSecrets(planned, body, at, context);
  const supplied = readSupplied(planned, body, place, context);
  const inputs = spec.inputs.map((rule, index) => inputOf(rule, index, unit));
  checkSupplied(inputs, supplied, spec.inputs, at, context, unit);
  const canonical = Object.fromEntries([...supplied].map(([name, { reading }]) => [name, reading.canonical]));
  const names = namesOf(planned, body, unit, context);
  const pack = { name: metadata.name, version: metadata.version };
  const sound = [...supplied.values()].every(({ reading }) => !reading.faulty);
  const known = sound ? knownInputs({ inputs, with: canonical }, context.known) : null;
  const granted = new Set(
    spec.secrets.flatMap(({ name }) => {
      const outer = names.secrets.get(name);
      return outer !== undefined && context.outerGranted.has(outer) ? [name] : [];
    }),
  );
  const optional = new Set(spec.secrets.filter(({ required }) => !required).map(({ name }) => name));
  const which = (test: (reading: FieldReading) => boolean): ReadonlySet<string> =>
    new Set([...supplied].filter(([, { reading }]) => test(reading)).map(([name]) => name));
  const reader = new ExpressionReader(
    {
      inputs: typeOfInputs(spec.inputs, inputs),
      sensitive: new Set(),
      secrets: spec.secrets.map(({ name }) => name),
      granted,
      late: which(({ late }) => late),
      local: which(({ local }) => local),
    },
    unit.faults,
  );
  const own = spec.sandbox.egressAllowlist?.flatMap((text) => parseRule(text) ?? []) ?? null;
  const listed = context.egress.pack;
  const inside: StepContext = {
    ...context,
    reader,
    faults: unit.faults,
    files: unit.files,
    granted,
    optional,
    retries: spec.failure.retries,
    egress: {
      environment: context.egress.environment,
      pack: own === null ? listed : listed === null ? own : intersect(listed, own),
    },
    known: known === null ? null : { inputs: known, pack },
    inner: names,
  };
  context.units.set(unit, inside);
  checkPackFields(unit.read.pack, reader);
  context.policies.push(
    ...readPolicies(unit.read.pack, unit.files, context.policyEngines, unit.faults).map((policy) => {
      return { ...policy, id: policyNamed(policy.id, names) };
    }),
  );
  const block = readList(list, { failed: false, previous: false }, inside);
  const outputs = readOutputs(planned, unit, list, reader);
  markControl(planned, supplied, reader, context);
  warnOfIgnored(planned, unit, context);
  return {
    kind: 'pack',
    ...common,
    timeoutMs: least(common.timeoutMs, spec.timeoutMs),
    uses: body.uses,
    pack: { ...pack, contentDigest: unit.contentDigest() },
    with: canonical,
    inputs: sortBy(inputs, ({ name }) => name),
    body: block,
    outputs,
    continueOnError: planned.step.continueOnError ?? context.retries?.continueOnError ?? false,
  };
}

/** Members about a step's own attempt, which the inner steps have instead. */
function refuseFields({ step }: PlannedStep, body: RunBody, { faults }: StepContext): void {
  const stated: readonly (readonly [string, boolean])[] = [
    ['retries', step.retries !== null],
    ['effects', step.effects !== null],
    ['workers', step.workers.length > 0],
    ...(['env', 'files', 'tools', 'outputs'] as const).map(
      (name) => [`run/${name}`, Object.keys(body[name]).length > 0] as const,
    ),
    ...(['egress', 'artifacts'] as const).map((name) => [`run/${name}`, body[name].length > 0] as const),
  ];
  for (const [field, isStated] of stated) {
    if (!isStated) continue;
    const name = field.replace('run/', '');
    faults.add('PACK_INNER_FIELD', `${step.at}/${field}`, `A step that uses a pack cannot have ${name}.`, {
      key: true,
    });
  }
}

function inputOf(rule: InputRule, index: number, { files, faults }: PackUnit): InnerInput {
  const schema =
    rule.schema === null
      ? null
      : (readSchema(rule.schema, `/spec/inputs/${index}/schema`, files, faults)?.schema ?? null);
  return {
    name: rule.name,
    type: rule.type,
    required: rule.required,
    default: rule.default,
    enum: rule.enum,
    schema,
  };
}

function typeOfInputs(rules: readonly InputRule[], inputs: readonly InnerInput[]): StaticType {
  return objectType(
    Object.fromEntries(rules.map((rule, index) => [rule.name, typeOfInput(rule, inputs[index]?.schema ?? null)])),
  );
}

function readOutputs(
  planned: PlannedStep,
  unit: PackUnit,
  list: PlannedList,
  reader: ExpressionReader,
): PackNode['outputs'] {
  const end: Place = { scope: list.scope, step: null, failed: false, previous: false };
  const types: Record<string, StaticType> = {};
  const outputs = unit.read.pack.spec.outputs.map(({ name, type, value }, index) => {
    const at = `/spec/outputs/${index}/value`;
    const reading = reader.json(value, at, end, FIELDS.outputs);
    const wanted = type === null ? null : typeOfValueType(type);
    if (wanted !== null && !reading.faulty && !reading.type.kinds.some((kind) => wanted.kinds.includes(kind)))
      unit.faults.add(
        'PLAN_OUTPUT_TYPE',
        at,
        `The output ${name} is declared as ${type}; its value is ${describeType(reading.type)}.`,
      );
    types[name] = reading.type;
    return { name, type: type ?? 'any', value: reading.canonical };
  });
  planned.outputs = objectType(types);
  return sortBy(outputs, ({ name }) => name);
}

/** Fields of a pack that concern its run. An inner pack has no run of its own. */
function warnOfIgnored({ step }: PlannedStep, { read }: PackUnit, { faults }: StepContext): void {
  const { concurrency, cleanupTimeoutMs, sandbox, success, failure } = read.pack.spec;
  const sizes = ['cpuMillicores', 'memoryMiB', 'workspaceMiB', 'maxProcesses'] as const;
  const ignored = [
    ...(concurrency === null ? [] : ['concurrency']),
    ...(cleanupTimeoutMs === null ? [] : ['cleanupTimeout']),
    ...sizes.filter((size) => sandbox[size] !== null).map((size) => `sandbox.${size}`),
    ...(success.message === null ? [] : ['success.message']),
    ...(failure.message === null ? [] : ['failure.message']),
  ];
  if (ignored.length === 0) return;
  faults.warn(
    'PACK_INNER_IGNORED',
    `${step.at}/run/uses`,
    `These fields of an inner pack have no effect: ${ignored.join(', ')}.`,
  );
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
