import type { Json } from '../../foundation/json';
import type { LoopItems } from '../model/pack-step';
import { kindOf, type Written } from '../reading/written';
import * as SAID from './field-descriptions';
import { having } from './object-schema';
import { json, number, text } from './scalar-shapes';
import { defaulted, list, nameOf, object, readEntries, readPart, refuseUnknown, required, type Shape } from './shape';

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

/** The items of a loop. */
export const loopItems: Shape<LoopItems> = {
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

/** The items of a map. */
export const items: Shape<Json> = {
  ...json,
  read: (written, at, reading) => {
    const { value } = written;
    if (typeof value !== 'string' && !Array.isArray(value))
      reading.fault('PACK_FIELD_TYPE', at, `${nameOf(at)} must be an expression or a list; it is ${kindOf(value)}.`);
    return value;
  },
  schema: () => ({ type: ['string', 'array'] }),
};
