import { pointerTo } from '../../document/json-pointer';
import { readsOfTemplate } from '../../expression/json-template';
import { describeType } from '../../expression/static-type';
import type { Json, JsonObject } from '../../foundation/json';
import type { InputRule } from '../../pack/model/pack';
import type { RunBody } from '../../pack/model/pack-step';
import { holdInput, knownValue } from '../../plan/inner-inputs';
import type { InnerInput } from '../../plan/plan';
import type { ExpressionReader } from '../context/expression-reader';
import type { FieldReading, Place } from '../context/field-reading';
import { FIELDS } from '../context/field-rule';
import type { PackUnit } from '../context/pack-unit';
import type { PlannedStep } from '../context/planned-step';
import { typeOfValueType } from '../context/resolve-inputs';
import type { StepContext } from './step-context';

/** The value passed for one input, and what it reads. */
interface SuppliedInput {
  readonly reading: FieldReading;
  /** The part of the step's reads that belongs to it. */
  readonly reads: readonly [from: number, to: number];
}

/** Reads the values that a step passes to the inputs of a pack. */
export function readSupplied(
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

/** Checks the passed values against the declared inputs, as far as they are known now. */
export function checkSupplied(
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

/** What an inner input decides also depends on the results from which it is computed. These are checked against the gates as strictly. */
export function markControl(
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
