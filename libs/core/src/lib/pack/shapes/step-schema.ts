import type { JsonObject } from '../../foundation/json';
import { gateEntries } from './gate-shapes';
import { KINDS, PUBLISHED_KINDS } from './field-descriptions';
import { dottedGate, gateBody } from './gate-schema';
import { type FieldSchemas, having, noneOf, objectSchema } from './object-schema';
import { STEP_KINDS, type StepBody } from '../model/pack-step';
import { SEALED_INSTALL } from './spellings';

type Bodies = Readonly<Record<StepBody['kind'], JsonObject>>;
type GateKind = 'approval' | 'policy';

const GATES = ['approval', 'policy'] as const;
const GATE_TYPES: Readonly<Record<GateKind, readonly string[]>> = {
  approval: ['gate.approval'],
  policy: ['gate.policy', 'policy-gate'],
};
const ONLY_RUN = ['retries', 'effects'];

/**
 * The definitions of a step and its parts, for `$defs`. The body is under the name of the step's kind. In the published spelling `type`
 * names the kind, and the body's entries are beside `id`.
 */
export function stepDefinitions(fields: FieldSchemas, bodies: Bodies): JsonObject {
  const common = { properties: references('stepFields', fields.properties), required: fields.required };
  return {
    step: {
      type: 'object',
      if: having('type'),
      then: {
        oneOf: [
          { $ref: '#/$defs/namedStep' },
          loopBeside(common, bodies.loop),
          ...conditionalBeside(common, bodies.conditional),
          ...GATES.map((kind) => gateBeside(common, kind)),
        ],
      },
      else: { $ref: '#/$defs/namedStep' },
    },
    namedStep: named(common),
    stepFields: { properties: fields.properties },
    ...bodies,
    ...Object.fromEntries(GATES.map((kind) => [`gate.${kind}`, dottedGate(gateEntries, kind)])),
  };
}

/** A step whose kind is the name of its body. A `type` may repeat it. */
function named(common: FieldSchemas): JsonObject {
  const kinds = STEP_KINDS.map((kind) => [kind, { description: KINDS[kind], $ref: `#/$defs/${kind}` }]);
  const dotted = GATES.map((kind) => {
    const name = `gate.${kind}` as const;
    return [name, { description: PUBLISHED_KINDS[name], deprecated: true, $ref: `#/$defs/${name}` }];
  });
  const type = typeOf([...STEP_KINDS, ...GATES.flatMap((kind) => GATE_TYPES[kind])]);
  const properties = { ...common.properties, type, ...(Object.fromEntries([...kinds, ...dotted]) as JsonObject) };
  const gates = ['gate', 'gate.approval', 'gate.policy'];
  const rules = [
    { if: having('run'), else: noneOf(...ONLY_RUN.map((name) => having(name))) },
    { if: { anyOf: gates.map((name) => having(name)) }, then: { not: having('continueOnError') } },
    ...STEP_KINDS.map((kind) => ofType([kind], having(kind))),
    ...GATES.map((kind) => ofType(GATE_TYPES[kind], { anyOf: [having('gate'), having(`gate.${kind}`)] })),
  ];
  return {
    ...objectSchema({ ...common, properties: properties }, [SEALED_INSTALL], rules),
    oneOf: [...STEP_KINDS, 'gate.approval', 'gate.policy'].map((kind) => having(kind)),
  };
}

/** `type: loop` with the loop's entries beside `id`. */
function loopBeside(common: FieldSchemas, loop: JsonObject): JsonObject {
  return beside(common, partsOf('loop', loop), 'loop', (loop['allOf'] ?? []) as readonly JsonObject[]);
}

/** `type: conditional` with its branches beside `id`, or with one branch: `when`, `then`. */
function conditionalBeside(common: FieldSchemas, conditional: JsonObject): readonly JsonObject[] {
  const whole = partsOf('conditional', conditional);
  const branch = '#/$defs/conditional/properties/branches/items/properties';
  const one = {
    properties: {
      when: { $ref: `${branch}/when` },
      then: { $ref: `${branch}/steps` },
      else: whole.properties['else'] ?? {},
    },
    required: ['when', 'then'],
  };
  return [beside(common, whole, 'conditional'), beside(common, one, 'conditional')];
}

/** `type: gate.approval`, `type: gate.policy` or `type: policy-gate` with the gate's entries beside `id`. */
function gateBeside(common: FieldSchemas, kind: GateKind): JsonObject {
  const { continueOnError: _, ...allowed } = ofComposite(common);
  const properties = { ...allowed, type: typeOf(GATE_TYPES[kind]) };
  const step = objectSchema({ ...common, properties }, [SEALED_INSTALL]);
  const entries = { properties: step['properties'] as typeof properties, required: [...common.required, 'type'] };
  const body = gateBody(gateEntries, kind, entries);
  return { ...body, allOf: [...(body['allOf'] as readonly JsonObject[]), ...(step['allOf'] as readonly JsonObject[])] };
}

function beside(common: FieldSchemas, body: FieldSchemas, type: string, rules: readonly JsonObject[] = []): JsonObject {
  const properties = { ...ofComposite(common), ...body.properties, type: typeOf([type]) };
  return objectSchema(
    { properties, required: [...common.required, 'type', ...body.required] },
    [SEALED_INSTALL],
    rules,
  );
}

/** The entries of a body that is defined elsewhere. */
function partsOf(name: string, body: JsonObject): FieldSchemas {
  const properties = references(name, body['properties'] as FieldSchemas['properties']);
  return { properties, required: body['required'] as readonly string[] };
}

function references(name: string, properties: FieldSchemas['properties']): FieldSchemas['properties'] {
  return Object.fromEntries(Object.keys(properties).map((key) => [key, { $ref: `#/$defs/${name}/properties/${key}` }]));
}

/** Members of a step that is not a `run`. */
function ofComposite({ properties }: FieldSchemas): FieldSchemas['properties'] {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !ONLY_RUN.includes(name)));
}

function ofType(types: readonly string[], then: JsonObject): JsonObject {
  return { if: { properties: { type: { enum: types } }, required: ['type'] }, then };
}

function typeOf(types: readonly string[]): JsonObject {
  return { description: PUBLISHED_KINDS.type, deprecated: true, enum: types };
}
