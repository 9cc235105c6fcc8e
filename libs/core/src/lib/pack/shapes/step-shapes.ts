import type { JsonObject } from '../../foundation/json';
import { bodyShapes } from './body-shapes';
import { type PackStep, STEP_KINDS, type StepBody, type StepCommon } from '../model/pack-step';
import type { Reading } from '../reading/reading';
import { retries } from './retry-shapes';
import { condition, duration, flag, id, oneOf, text } from './scalar-shapes';
import {
  defaulted,
  type Fields,
  list,
  fieldSchemas,
  nameOf,
  namesOf,
  optional,
  printFields,
  readEntries,
  readFields,
  readPart,
  refuseUnknown,
  required,
  type Shape,
} from './shape';
import { STEP } from './field-descriptions';
import { stepSpellings } from './spellings';
import { stepDefinitions } from './step-schema';
import type { Entries, Written } from '../reading/written';

/** Maximum number of steps of a manifest. */
export const MAX_STEPS = 10_000;

const common: Fields<StepCommon> = {
  id: required(id),
  name: optional(text),
  when: optional(condition),
  needs: optional(list(id, { max: MAX_STEPS })),
  runOn: defaulted(oneOf('success', 'failure', 'always'), 'success'),
  timeoutMs: optional(duration(), 'timeout'),
  retries: optional(retries),
  continueOnError: optional(flag),
  effects: optional(oneOf('pure', 'idempotent', 'once')),
  workers: defaulted(list(id, { max: 100 }), []),
  sealedInstall: defaulted(flag, false),
};
const known = [...namesOf(common), ...STEP_KINDS];

const step: Shape<PackStep> = {
  blank: {
    id: '',
    at: '',
    position: { line: 1, column: 1 },
    body: { kind: 'group', steps: [] },
    name: null,
    when: null,
    needs: null,
    runOn: 'success',
    timeoutMs: null,
    retries: null,
    continueOnError: null,
    effects: null,
    workers: [],
    sealedInstall: false,
  },
  read: (written, at, reading) => {
    if (reading.countStep() === MAX_STEPS + 1)
      reading.fault('PACK_TOO_MANY_STEPS', at, `The pack has more than ${MAX_STEPS} steps.`);
    const { line, column } = reading.locate(at);
    const blank = { ...step.blank, at, position: { line, column } };
    const raw = readEntries(written, at, reading);
    if (raw === null) return blank;
    const entries = stepSpellings(raw, at, reading);
    refuseUnknownStepFields(entries, at, reading);
    const fields = readFields(common, entries, at, reading);
    return { ...blank, ...fields, body: readBody(entries, at, reading) };
  },
  print: (value) => {
    const { kind, ...body } = value.body;
    return { ...printFields(common, value), [kind]: (bodies[kind] as Shape<unknown>).print(body) };
  },
  schema: () => ({ $ref: '#/$defs/step' }),
};

/** A list of steps; at least one. */
export const steps: Shape<readonly PackStep[]> = list(step, { min: 1, max: MAX_STEPS + 1 });

const bodies = bodyShapes(steps);

/** `$defs` of the JSON Schema: a step, `#/$defs/step`, and its parts. */
export function definitions(): JsonObject {
  const kinds = STEP_KINDS.map((kind): [string, JsonObject] => [kind, bodies[kind].schema()]);
  return stepDefinitions(fieldSchemas(common, STEP), Object.fromEntries(kinds) as Record<StepBody['kind'], JsonObject>);
}

function readBody(entries: Entries, at: string, reading: Reading): StepBody {
  const stated = STEP_KINDS.filter((kind) => entries.has(kind));
  // A type without its body was already reported with the missing body.
  const isTyped = stated.length === 0 && typeof entries.get('type')?.value === 'string';
  if (stated.length !== 1 && !isTyped) {
    const found = stated.length === 0 ? 'none' : stated.join(' and ');
    reading.fault('PACK_STEP_KIND', at, `${nameOf(at)} must have exactly one kind; it has ${found}.`);
  }
  // If there are several bodies, each is checked; the first one determines the step.
  const read = stated.map((kind) => {
    const body = readPart(bodies[kind] as Shape<object>, entries.get(kind) as Written, at, kind, reading);
    return { kind, ...body } as StepBody;
  });
  const [body] = read;
  if (body === undefined) return step.blank.body;
  if (stated.length === 1) refuseMisplaced(body.kind, entries, at, reading);
  return body;
}

function refuseMisplaced(kind: StepBody['kind'], entries: Entries, at: string, reading: Reading): void {
  if (kind === 'run') return;
  for (const name of kind === 'gate' ? ['retries', 'continueOnError', 'effects'] : ['retries', 'effects']) {
    if (!entries.has(name)) continue;
    const place = `${at}/${name}`;
    if (kind === 'gate') reading.fault('PACK_GATE_FIELD', place, `A gate has no ${name}.`, { key: true });
    else
      reading.fault('PACK_FIELD_NOT_ALLOWED', place, `Only run steps can have ${name}; this is a ${kind}.`, {
        key: true,
      });
  }
}

function refuseUnknownStepFields(entries: Entries, at: string, reading: Reading): void {
  const type = entries.get('type')?.value;
  if (typeof type !== 'string') return refuseUnknown(entries, known, at, reading);
  const isStated = STEP_KINDS.some((kind) => entries.has(kind));
  const meant = STEP_KINDS.some((kind) => kind === type) ? type : reading.guess(type, STEP_KINDS);
  const near = STEP_KINDS.find((kind) => kind === meant) ?? null;
  reading.place(`${at}/type`, entries.get('type') as Written, at, 'type');
  reading.fault('PACK_STEP_KIND', `${at}/type`, 'A type requires the matching body.', {
    ...(near === null ? {} : { remediation: `Add the body ${near} to the step, and remove type: ${near}: {…}.` }),
    ...(isStated ? {} : { about: at }),
  });
  const inBody = near === null || isStated ? [] : Object.keys(bodies[near].schema()['properties'] ?? {});
  const rest = [...entries].filter(([name]) => name !== 'type' && !inBody.includes(name));
  refuseUnknown(new Map(rest), known, at, reading);
}
