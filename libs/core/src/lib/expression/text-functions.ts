import type { Json } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import { arrayType, BOOLEAN_TYPE, nullable, NUMBER_TYPE, STRING_TYPE } from './static-type';
import type { Call, FunctionSpec, Parameter } from './function-spec';
import { lastPlaceOf, piecesOf, placeOf } from './text-search';

// Text positions are counted in code points, as in JMESPath. No function depends on a locale.

const TEXT: Parameter = { kind: 'value', kinds: ['string'] };
const NUMBER: Parameter = { kind: 'value', kinds: ['number'] };
const MAYBE_TEXT: Parameter = { ...TEXT, optional: true };
const MAYBE_NUMBER: Parameter = { ...NUMBER, optional: true };
const ANYTHING: Parameter = { kind: 'value', kinds: ['null', 'boolean', 'number', 'string', 'array', 'object'] };
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WHITE = /[\s\u0085]/u;

const text = (call: Call, place: number): string => call.values[place] as string;
const whole = (call: Call, place: number, least: number): number | undefined => {
  const value = call.values[place] as number | undefined;
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    call.refuse('EXPR_VALUE', `argument ${place + 1} is not a whole number from ${least} up`, 'give a count');
  }
  return value;
};

function made(call: Call, result: string): string {
  call.meter.text(result.length);
  return result;
}

function find(call: Call, last: boolean): Json {
  call.meter.spend(text(call, 0).length);
  const points = [...text(call, 0)];
  const sought = text(call, 1);
  const start = Math.max(whole(call, 2, Number.MIN_SAFE_INTEGER) ?? 0, 0);
  const end = whole(call, 3, Number.MIN_SAFE_INTEGER) ?? points.length;
  if (points.length === 0 || sought === '') return null;
  const searched = points.slice(start, Math.max(end, 0)).join('');
  const found = last ? lastPlaceOf(searched, sought, call.meter) : placeOf(searched, sought, call.meter);
  return found < 0 ? null : start + [...searched.slice(0, found)].length;
}

function pad(call: Call, left: boolean): Json {
  const subject = text(call, 0);
  call.meter.spend(subject.length);
  const padding = call.values[2] === undefined ? ' ' : text(call, 2);
  if ([...padding].length !== 1) call.refuse('EXPR_VALUE', 'the padding is not one character', "give one, such as '0'");
  const missing = Math.max((whole(call, 1, 0) ?? 0) - [...subject].length, 0);
  call.meter.text(missing * padding.length);
  return left ? padding.repeat(missing) + subject : subject + padding.repeat(missing);
}

function trim(call: Call, left: boolean, right: boolean): Json {
  call.meter.spend(text(call, 0).length);
  const points = [...text(call, 0)];
  const chars = call.values[1] === undefined || call.values[1] === '' ? null : new Set(text(call, 1));
  const drops = (point: string | undefined): boolean =>
    point !== undefined && (chars === null ? WHITE.test(point) : chars.has(point));
  let [from, to] = [0, points.length];
  while (left && from < to && drops(points[from])) from++;
  while (right && to > from && drops(points[to - 1])) to--;
  return made(call, points.slice(from, to).join(''));
}

function replace(call: Call): Json {
  const [subject, old, by] = [text(call, 0), text(call, 1), text(call, 2)];
  call.meter.spend(subject.length);
  const parts = old === '' ? [subject] : piecesOf(subject, old, call.meter);
  const count = Math.min(whole(call, 3, 0) ?? parts.length, parts.length - 1);
  call.meter.text(subject.length + count * by.length);
  return (
    parts.slice(0, count + 1).join(by) +
    parts
      .slice(count + 1)
      .map((part) => old + part)
      .join('')
  );
}

function split(call: Call): Json {
  const [subject, separator] = [text(call, 0), text(call, 1)];
  call.meter.spend(subject.length);
  const parts = separator === '' ? [...subject] : piecesOf(subject, separator, call.meter);
  const count = whole(call, 2, 0) ?? parts.length;
  return count >= parts.length - 1 ? parts : [...parts.slice(0, count), parts.slice(count).join(separator)];
}

function toNumber(value: Json): Json {
  if (typeof value === 'number') return value;
  const number = typeof value === 'string' && JSON_NUMBER.test(value) ? Number(value) : NaN;
  return Number.isFinite(number) ? number : null;
}

const finds = (last: boolean): FunctionSpec => ({
  parameters: [TEXT, TEXT, MAYBE_NUMBER, MAYBE_NUMBER],
  result: () => nullable(NUMBER_TYPE),
  call: (call) => find(call, last),
});
const pads = (left: boolean): FunctionSpec => ({
  parameters: [TEXT, NUMBER, MAYBE_TEXT],
  result: () => STRING_TYPE,
  call: (call) => pad(call, left),
});
const trims = (left: boolean, right: boolean): FunctionSpec => ({
  parameters: [TEXT, MAYBE_TEXT],
  result: () => STRING_TYPE,
  call: (call) => trim(call, left, right),
});

/** Functions over texts. */
export const TEXT_FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  starts_with: {
    parameters: [TEXT, TEXT],
    result: () => BOOLEAN_TYPE,
    call: (call) => {
      call.meter.text(text(call, 1).length);
      return text(call, 0).startsWith(text(call, 1));
    },
  },
  ends_with: {
    parameters: [TEXT, TEXT],
    result: () => BOOLEAN_TYPE,
    call: (call) => {
      call.meter.text(text(call, 1).length);
      return text(call, 0).endsWith(text(call, 1));
    },
  },
  lower: { parameters: [TEXT], result: () => STRING_TYPE, call: (call) => made(call, text(call, 0).toLowerCase()) },
  upper: { parameters: [TEXT], result: () => STRING_TYPE, call: (call) => made(call, text(call, 0).toUpperCase()) },
  find_first: finds(false),
  find_last: finds(true),
  pad_left: pads(true),
  pad_right: pads(false),
  trim: trims(true, true),
  trim_left: trims(true, false),
  trim_right: trims(false, true),
  replace: { parameters: [TEXT, TEXT, TEXT, MAYBE_NUMBER], result: () => STRING_TYPE, call: replace },
  split: { parameters: [TEXT, TEXT, MAYBE_NUMBER], result: () => arrayType(STRING_TYPE), call: split },
  join: {
    parameters: [TEXT, { kind: 'value', kinds: ['array'], items: ['string'] }],
    result: () => STRING_TYPE,
    call: (call) => {
      const items = call.values[1] as readonly string[];
      call.meter.text(items.reduce((length, item) => length + item.length + text(call, 0).length, 0));
      return items.join(text(call, 0));
    },
  },
  to_number: {
    parameters: [ANYTHING],
    result: () => nullable(NUMBER_TYPE),
    call: ({ values: [value = null], meter }) => {
      if (typeof value === 'string') meter.text(value.length);
      return toNumber(value);
    },
  },
  to_string: {
    parameters: [ANYTHING],
    result: () => STRING_TYPE,
    call: ({ values: [value = null], meter }) => {
      meter.value(value);
      return typeof value === 'string' ? value : canonical(value);
    },
  },
};
