import { pointerTo } from '../../document/json-pointer';
import { intersect, parseRule } from '../../egress/egress-rule';
import { readsOfTemplate } from '../../expression/json-template';
import { describeType, objectType, type StaticType } from '../../expression/static-type';
import type { Json, JsonObject } from '../../foundation/json';
import type { RunBody } from '../../pack/model/pack-step';
import type { InputRule } from '../../pack/model/pack';
import { ExpressionReader, type FieldReading, type Place } from '../context/expression-reader';
import { FIELDS } from '../context/field-rule';
import { holdInput, knownInputs, knownValue } from '../../plan/inner-inputs';
import { approvalNamed, policyNamed, secretNamed, type InnerNames } from '../context/inner-names';
import { isAsShort, isAtLeast } from './check-gates';
import { checkPackFields, readPolicies } from './pack-parts';
import type { Block, InnerInput, PackNode } from '../../plan/plan';
import type { PackUnit } from '../context/pack-unit';
import { innerOf, placeOf, type PlannedList, type PlannedStep } from '../context/planned-step';
import type { Around, Common, StepContext } from './step-context';
import { checkSecrets } from './read-run';
import { readSchema, typeOfInput, typeOfValueType } from '../context/resolve-inputs';
import { sortBy } from '../context/sort-by';

type ReadList = (list: PlannedList, around: Around, context: StepContext) => Block;

/** The value passed for one input, and what it reads. */
interface SuppliedInput {
  readonly reading: FieldReading;
  /** The part of the step's reads that belongs to it. */
  readonly reads: readonly [from: number, to: number];
}

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

function readSupplied(
  planned: PlannedStep,
  body: RunBody,
  place: Place,
  { reader }: StepContext,
): ReadonlyMap<string, SuppliedInput> {
  const supplied = new Map<string, SuppliedInput>();
  for (const [name, value] of Object.entries(body.with)) {
    const at = pointerTo(`${planned.step.at}/run/with`, name);
    if (name.includes('{{')) reader.none(name, at);
    const from = planned.reads.length;
    const reading = reader.json(value, at, place, FIELDS.innerInput);
    supplied.set(name, { reading, reads: [from, planned.reads.length] });
  }
  return supplied;
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

/** Checks the passed values against the declared inputs, as far as they are known now. */
function checkSupplied(
  inputs: readonly InnerInput[],
  supplied: ReadonlyMap<string, SuppliedInput>,
  rules: readonly InputRule[],
  at: string,
  { faults, known }: StepContext,
  unit: PackUnit,
): void {
  const asked = inputs.map(({ name }) => name);
  for (const name of supplied.keys()) {
    if (asked.includes(name)) continue;
    const remediation = faults.guess(name, asked, `Inputs of the pack: ${asked.slice(0, 20).join(', ') || 'none'}.`);
    const message = `The pack ${unit.read.pack.metadata.name} has no input ${name}.`;
    faults.add('INPUT_UNKNOWN', pointerTo(`${at}/with`, name), message, { key: true, remediation });
  }
  inputs.forEach((rule, index) => {
    const { name } = rule;
    const one = supplied.get(name);
    const place = pointerTo(`${at}/with`, name);
    if (one === undefined) {
      if (rule.required && rule.default === null)
        faults.add('INPUT_MISSING', `${at}/uses`, `The input ${name} of the pack is not set.`, {
          remediation: `Add ${name} to with.`,
        });
      return;
    }
    const { reading } = one;
    if (reading.faulty) return;
    if (rules[index]?.sensitive === true)
      return faults.add('SENSITIVE_FLOW', place, `The input ${name} is sensitive, so an outer pack cannot set it.`, {
        remediation: 'Use a secret in the inner pack instead.',
      });
    const wanted = typeOfValueType(rules[index]?.type ?? 'object').kinds;
    const open: readonly string[] = rule.required && rule.default === null ? wanted : [...wanted, 'null'];
    if (!reading.type.kinds.some((kind) => open.includes(kind)))
      return faults.add(
        'INPUT_TYPE',
        place,
        `The input ${name} has the type ${rule.type}; this is ${describeType(reading.type)}.`,
      );
    const value = valueOf(reading, known);
    const held = value === undefined ? null : holdInput(rule, value ?? rule.default);
    if (held?.kind !== 'refused') return;
    for (const { code, message } of held.findings)
      faults.add(code, place, `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  });
}

/** The value of an input, if it is known now. */
function valueOf(reading: FieldReading, known: JsonObject | null): Json | undefined {
  if (reading.constant) return reading.canonical;
  if (reading.late || reading.local || reading.sensitive || known === null) return undefined;
  return knownValue(reading.canonical, known);
}

/** The names of the inner pack for what it is given, mapped to those of the outermost pack. */
function namesOf(planned: PlannedStep, body: RunBody, unit: PackUnit, context: StepContext): InnerNames {
  const at = `${planned.step.at}/run`;
  const { faults, inner } = context;
  const { spec, metadata } = unit.read.pack;
  const secrets = new Map<string, string>();
  const asked = spec.secrets.map(({ name }) => name);
  for (const [index, use] of body.secrets.entries()) {
    if (use.kind !== 'inner') {
      faults.add(
        'PACK_INNER_SECRET',
        `${at}/secrets/${index}`,
        'Secrets must be passed to a pack by name: {inner: outer}.',
      );
      continue;
    }
    const outer = secretNamed(use.name, inner);
    if (!asked.includes(use.inner)) {
      const remediation = faults.guess(use.inner, asked, `Secrets of the pack: ${asked.join(', ') || 'none'}.`);
      const message = `The pack ${metadata.name} does not request the secret ${use.inner}.`;
      faults.add('PACK_INNER_SECRET', pointerTo(`${at}/secrets`, use.inner), message, { key: true, remediation });
    } else if (outer !== null) secrets.set(use.inner, outer);
  }
  for (const { name, required } of spec.secrets) {
    if (!required || body.secrets.some((use) => use.kind === 'inner' && use.inner === name)) continue;
    faults.add('PACK_INNER_SECRET', `${at}/uses`, `The secret ${name} of the pack is not passed.`);
  }
  return {
    secrets,
    approvals: approvalsOf(planned, body, unit, context),
    place: placeOf(planned),
    egressWithin: [
      ...(inner?.egressWithin ?? []),
      ...(spec.sandbox.egressAllowlist === null ? [] : [[...new Set(spec.sandbox.egressAllowlist)].sort()]),
    ],
    attemptTimeoutMs: spec.sandbox.timeoutMs ?? inner?.attemptTimeoutMs ?? null,
  };
}

/** Every approval of the inner pack must be mapped to one of the outermost pack that requires no less and leaves no more time. */
function approvalsOf(
  planned: PlannedStep,
  body: RunBody,
  unit: PackUnit,
  { faults, inner, approvals }: StepContext,
): ReadonlyMap<string, string> {
  const at = `${planned.step.at}/run`;
  const asked = unit.read.pack.spec.approvals;
  const ids = asked.map(({ id }) => id);
  const mapped = new Map<string, string>();
  for (const [id, own] of Object.entries(body.approvals)) {
    const place = pointerTo(`${at}/approvals`, id);
    const wanted = asked.find((one) => one.id === id);
    if (wanted === undefined) {
      const remediation = faults.guess(id, ids, `Approvals of the pack: ${ids.join(', ') || 'none'}.`);
      faults.add('PACK_INNER_APPROVAL', place, `The pack has no approval ${id}.`, { key: true, remediation });
      continue;
    }
    const outer = approvalNamed(own, inner);
    mapped.set(id, outer);
    const rule = approvals.find((one) => one.id === outer);
    if (rule !== undefined && !isAtLeast(rule, wanted))
      faults.add('PACK_INNER_APPROVAL', place, `${own} is less strict than ${id} of the inner pack.`, {
        remediation: 'Map it to an approval that is at least as strict.',
      });
    else if (rule !== undefined && !isAsShort(rule, wanted))
      faults.add('PACK_INNER_APPROVAL', place, `${own} allows more time than ${id} of the inner pack.`, {
        remediation: 'Set expiresAfter and executeWithin to at most the values of the inner pack.',
      });
  }
  const open = ids.filter((id) => !Object.hasOwn(body.approvals, id));
  if (open.length > 0)
    faults.add('PACK_INNER_APPROVAL', `${at}/uses`, `No approval is mapped to ${open.join(', ')} of the pack.`);
  return mapped;
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

/** What an inner input decides also depends on the results from which it is computed. These are checked against the gates as strictly. */
function markControl(
  planned: PlannedStep,
  supplied: ReadonlyMap<string, SuppliedInput>,
  { controlling }: ExpressionReader,
  { reader }: StepContext,
): void {
  for (const [name, { reading, reads }] of supplied) {
    if (!controlling.has(name) && !controlling.has(null)) continue;
    const [from, to] = reads;
    planned.reads = planned.reads.map((read, place) =>
      place >= from && place < to ? { ...read, control: true } : read,
    );
    if (reading.faulty) continue;
    for (const { root, path } of readsOfTemplate(reading.canonical))
      if (root === 'inputs') reader.controlling.add(typeof path[0] === 'string' ? path[0] : null);
  }
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
