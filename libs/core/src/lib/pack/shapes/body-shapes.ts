import type { Json } from '../../foundation/json';
import type { Digest } from '../../foundation/ids';
import type {
  ApprovalGate,
  ArtifactRule,
  Branch,
  ConditionalBody,
  EgressUse,
  GateBody,
  GroupBody,
  LoopBody,
  LoopItems,
  MapBody,
  OutputSchema,
  PackStep,
  ParallelBody,
  PolicyGate,
  RunBody,
  SecretUse,
} from '../model/pack-step';
import type { Reading } from '../reading/reading';
import {
  anyKey,
  condition,
  digest,
  duration,
  envName,
  flag,
  id,
  identifier,
  json,
  jsonObject,
  label,
  number,
  oneOf,
  path,
  pattern,
  scalarText,
  text,
  uses,
} from './scalar-shapes';
import {
  defaulted,
  list,
  fieldSchemas,
  nameOf,
  object,
  optional,
  readEntries,
  readFields,
  readPart,
  record,
  refuseUnknown,
  required,
  type Shape,
} from './shape';
import * as SAID from './field-descriptions';
import { type GateEntries, gateSchema } from './gate-schema';
import { having } from './object-schema';
import { gateSpellings, mapSpellings, renamed } from './spellings';
import { schemaOrPath, valueType } from './value-shapes';
import { kindOf, type Written } from '../reading/written';

/** Reserved names of expressions: roots and keywords of the language. */
const WORDS = [
  'inputs',
  'steps',
  'previous',
  'failed',
  'pack',
  'response',
  'run',
  'tenant',
  'secrets',
  'true',
  'false',
  'null',
  'and',
  'or',
  'not',
];

/** The name that a map or loop gives to its item or index. */
function variable(taken: string): Shape<string> {
  const shape = pattern('PACK_IDENTIFIER', 'a name of letters, digits and _', /^[A-Za-z_][A-Za-z0-9_]{0,62}$/);
  return {
    ...shape,
    schema: () => ({ allOf: [shape.schema()], not: { enum: [taken, ...WORDS] } }),
    read: (written, at, reading) => {
      const name = shape.read(written, at, reading);
      if (name === taken || WORDS.includes(name))
        reading.fault('PACK_RESERVED_NAME', at, `${name} is a reserved name in expressions.`);
      return name;
    },
  };
}

const secretUse: Shape<SecretUse> = {
  blank: { kind: 'file', name: '', file: '' },
  read: (written, at, reading) => {
    if (typeof written.value === 'string') {
      const name = id.read(written, at, reading);
      return { kind: 'file', name, file: name };
    }
    const { name, env, file } = secretFields.read(written, at, reading);
    if (env !== null && file !== null)
      reading.fault(
        'PACK_FIELDS_EXCLUSIVE',
        at,
        `${nameOf(at)} must be either a variable or a file: env and file are mutually exclusive.`,
      );
    return env === null ? { kind: 'file', name, file: file ?? name } : { kind: 'env', name, env };
  },
  print: (value) => {
    if (value.kind === 'env') return { name: value.name, env: value.env };
    return value.kind === 'file' && value.file !== value.name ? { name: value.name, file: value.file } : value.name;
  },
  schema: () => ({ anyOf: [id.schema(), secretFields.schema()] }),
};
const secretFields = object<{ name: string; env: string | null; file: string | null }>(
  {
    name: required(id),
    env: optional(envName),
    file: optional(label),
  },
  { descriptions: SAID.SECRET_USE, rules: [{ not: having('env', 'file') }] },
);

/** A list of uses; for `pack:` an object that maps inner names to names of this pack. */
const secretUses: Shape<readonly SecretUse[]> = {
  blank: [],
  read: (written, at, reading) => {
    if (Array.isArray(written.value)) return list(secretUse).read(written, at, reading);
    const names = record(id, id).read(written, at, reading);
    return Object.entries(names).map(([inner, name]) => ({ kind: 'inner', name, inner }));
  },
  print: (value) =>
    value.some((use) => use.kind === 'inner')
      ? Object.fromEntries(value.map((use) => [use.kind === 'inner' ? use.inner : use.name, use.name]))
      : list(secretUse).print(value),
  schema: () => ({ anyOf: [list(secretUse).schema(), record(id, id).schema()] }),
};

/** Approvals and renamed secrets are passed only to inner packs. */
const OF_INNER_PACKS = {
  if: { properties: { uses: { type: 'string', not: { pattern: '^pack:' } } } },
  then: {
    properties: { approvals: { maxProperties: 0 }, secrets: { anyOf: [{ type: 'array' }, { maxProperties: 0 }] } },
  },
};

const run = object<RunBody>(
  {
    uses: required(uses),
    with: defaulted(jsonObject, {}),
    env: defaulted(record(envName, scalarText), {}),
    files: defaulted(record<Json>(path, json), {}),
    secrets: defaulted(secretUses, []),
    approvals: defaulted(record(id, id), {}),
    tools: defaulted(record(label, list(digest as unknown as Shape<Digest>, { min: 1 })), {}),
    egress: defaulted(
      list(object<EgressUse>({ url: required(text), intent: optional(text) }, { descriptions: SAID.EGRESS })),
      [],
    ),
    artifacts: defaulted(
      list(
        object<ArtifactRule>(
          {
            name: required(label),
            path: required(path),
            mediaType: optional(text),
            optional: defaulted(flag, false),
          },
          { descriptions: SAID.ARTIFACT },
        ),
      ),
      [],
    ),
    outputs: defaulted(
      record(
        identifier,
        object<OutputSchema>(
          { type: optional(valueType), schema: optional(schemaOrPath) },
          { descriptions: SAID.OUTPUT_SCHEMA },
        ),
      ),
      {},
    ),
  },
  { descriptions: SAID.RUN, rules: [OF_INNER_PACKS] },
);

const gateFields = {
  approval: {
    approval: required(id),
    message: optional(text),
    show: defaulted(record<Json>(anyKey, json), {}),
    form: optional(jsonObject),
  },
  policy: { policy: required(id), with: defaulted(jsonObject, {}), overrideApproval: optional(id) },
};
const approvalGate = object<ApprovalGate>(gateFields.approval, {
  descriptions: SAID.APPROVAL_GATE,
});
const policyGate = object<PolicyGate>(gateFields.policy, {
  descriptions: SAID.POLICY_GATE,
});
/** The entries of both kinds of gate, for one of the published spellings. */
export const gateEntries: GateEntries = {
  approval: fieldSchemas<ApprovalGate>(gateFields.approval, SAID.APPROVAL_GATE),
  policy: fieldSchemas<PolicyGate>(gateFields.policy, SAID.POLICY_GATE),
};

const gate: Shape<GateBody> = {
  blank: { gate: { kind: 'approval', ...approvalGate.blank } },
  read: (written, at, reading) => {
    const entries = readEntries(written, at, reading);
    if (entries === null) return gate.blank;
    const parts = gateSpellings(entries, at, reading);
    const kinds = (['approval', 'policy'] as const).filter((kind) => parts.has(kind));
    const kind = kinds[0];
    if (kind === undefined || kinds.length > 1) {
      const code = kind === undefined ? 'PACK_FIELD_MISSING' : 'PACK_FIELDS_EXCLUSIVE';
      reading.fault(code, at, `${nameOf(at)} must have exactly one of approval and policy.`);
    }
    if (kind === undefined) return gate.blank;
    const both = kinds.length > 1;
    const known = both
      ? [...Object.keys(gateFields.approval), ...Object.keys(gateFields.policy)]
      : Object.keys(gateFields[kind]);
    refuseUnknown(parts, known, at, reading);
    return kind === 'approval'
      ? { gate: { kind, ...readFields(gateFields.approval, parts, at, reading) } }
      : { gate: { kind, ...readFields(gateFields.policy, parts, at, reading) } };
  },
  print: (value) => (value.gate.kind === 'approval' ? approvalGate.print(value.gate) : policyGate.print(value.gate)),
  schema: () => gateSchema(gateEntries),
};

const end: Shape<number | string> = {
  blank: 0,
  read: (written, at, reading) =>
    typeof written.value === 'string'
      ? text.read(written, at, reading)
      : number(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).read(written, at, reading),
  print: (value) => value,
  schema: () => ({ type: ['integer', 'string'], minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
};

const stride: Shape<number | string> = {
  ...end,
  blank: 1,
  schema: () => ({ ...end.schema(), not: { const: 0 } }),
  read: (written, at, reading) => {
    if (written.value === 0) reading.fault('PACK_RANGE', at, 'The step of a range must not be 0.');
    return end.read(written, at, reading);
  },
};

type Range = { start: number | string; end: number | string; step: number | string };
const itemFields = {
  expression: text,
  range: object<Range>(
    { start: required(end), end: required(end), step: defaulted(stride, 1) },
    { descriptions: SAID.RANGE },
  ),
  static: list(json, { max: 10_000 }),
};

const loopItems: Shape<LoopItems> = {
  blank: { kind: 'static', values: [] },
  read: (written, at, reading) => {
    const entries = readEntries(written, at, reading);
    if (entries === null) return loopItems.blank;
    refuseUnknown(entries, Object.keys(itemFields), at, reading);
    const stated = Object.keys(itemFields).filter((kind) => entries.has(kind));
    if (stated.length !== 1) {
      const code = stated.length === 0 ? 'PACK_FIELD_MISSING' : 'PACK_FIELDS_EXCLUSIVE';
      reading.fault(code, at, `${nameOf(at)} must have exactly one of expression, range and static.`);
    }
    const part = <T>(kind: keyof typeof itemFields, shape: Shape<T>): T =>
      readPart(shape, entries.get(kind) as Written, at, kind, reading);
    if (stated[0] === 'expression')
      return { kind: 'expression', expression: part('expression', itemFields.expression) };
    if (stated[0] === 'range') return { kind: 'range', ...part('range', itemFields.range) };
    if (stated[0] === 'static') return { kind: 'static', values: part('static', itemFields.static) };
    return loopItems.blank;
  },
  print: (value) => {
    if (value.kind === 'expression') return { expression: value.expression };
    return value.kind === 'range' ? { range: itemFields.range.print(value) } : { static: value.values };
  },
  schema: () => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(itemFields).map(([kind, shape]) => [
        kind,
        { description: SAID.LOOP_ITEMS[kind as keyof typeof itemFields], ...shape.schema() },
      ]),
    ),
    oneOf: Object.keys(itemFields).map((kind) => having(kind)),
  }),
};

const items: Shape<Json> = {
  ...json,
  read: (written, at, reading) => {
    const { value } = written;
    if (typeof value !== 'string' && !Array.isArray(value))
      reading.fault('PACK_FIELD_TYPE', at, `${nameOf(at)} must be an expression or a list; it is ${kindOf(value)}.`);
    return value;
  },
  schema: () => ({ type: ['string', 'array'] }),
};

/** The bodies of the seven kinds of step, with the shape for lists of steps. */
export function bodyShapes(steps: Shape<readonly PackStep[]>) {
  const branch = object<Branch>(
    { when: required(condition), steps: required(steps) },
    {
      normalise: renamed({ then: 'steps' }),
      published: [{ name: 'then', of: 'steps', schema: null }],
      descriptions: SAID.BRANCH,
    },
  );
  const names = {
    iterator: defaulted(variable('index'), 'item'),
    index: defaulted(variable('item'), 'index'),
    outputs: optional(record<Json>(identifier, json)),
    continueOnError: defaulted(flag, false),
  };
  return {
    run,
    group: object<GroupBody>({ steps: required(steps) }, { descriptions: SAID.GROUP }),
    parallel: object<ParallelBody>(
      {
        steps: required(steps),
        maxParallel: optional(number(1, 100_000)),
        continueOnError: defaulted(flag, false),
      },
      { descriptions: SAID.PARALLEL },
    ),
    map: checkedNames(
      object<MapBody>(
        {
          items: required(items),
          steps: required(steps),
          label: optional(text),
          maxItems: optional(number(1, 100_000)),
          maxParallel: optional(number(1, 100_000)),
          ...names,
        },
        {
          normalise: mapSpellings,
          published: [{ name: 'step', of: 'steps', schema: () => ({ $ref: '#/$defs/step' }) }],
          descriptions: SAID.MAP,
        },
      ),
    ),
    loop: checkedLoop(
      checkedNames(
        object<LoopBody>(
          {
            items: optional(loopItems),
            until: optional(condition),
            delayMs: defaulted(duration(0), 0, 'delay'),
            body: required(steps),
            maxIterations: defaulted(number(1, 10_000), 1_000),
            aggregation: defaulted(oneOf('collect', 'last'), 'collect'),
            ...names,
          },
          { descriptions: SAID.LOOP, rules: [{ anyOf: [having('items'), having('until')] }] },
        ),
      ),
    ),
    conditional: object<ConditionalBody>(
      {
        branches: required(list(branch, { min: 1, max: 1_000 })),
        otherwise: optional(steps, 'else'),
      },
      { descriptions: SAID.CONDITIONAL },
    ),
    gate,
  };
}

function checkedNames<T extends MapBody | LoopBody>(shape: Shape<T>): Shape<T> {
  return checked(shape, (value, at, reading) => {
    const judged = reading.isFaulty(`${at}/iterator`) || reading.isFaulty(`${at}/index`);
    if (value.iterator === value.index && !judged)
      reading.fault('PACK_FIELDS_EXCLUSIVE', `${at}/index`, 'iterator and index must be different names.');
  });
}

function checkedLoop(shape: Shape<LoopBody>): Shape<LoopBody> {
  return checked(shape, (value, at, reading) => {
    if (value.items === null && value.until === null && !reading.isFaulty(at))
      reading.fault('PACK_FIELD_MISSING', at, `${nameOf(at)} must have items or until.`);
  });
}

function checked<T>(shape: Shape<T>, check: (value: T, at: string, reading: Reading) => void): Shape<T> {
  const read: Shape<T>['read'] = (written, at, reading) => {
    const value = shape.read(written, at, reading);
    check(value, at, reading);
    return value;
  };
  return { ...shape, read };
}
