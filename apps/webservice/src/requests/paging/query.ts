import type { Fault } from '@taskrunner/core/foundation';
import type { Request } from 'express';
import { ApiError } from '../../problems/problem';
import { hasAtMost } from '../rules';
import { fault, remedyForUnknown } from '../validated';

/** Parser of one query parameter; null for an invalid text. */
export interface Parameter<T> {
  readonly read: (text: string) => T | null;
  readonly says: string;
}

/** A parameter that can be given several times: the list of its values. */
export interface Several<T> extends Parameter<readonly T[]> {
  readonly most: number;
}

type Values<P> = { readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T | null : never };

/** The parameters of a query. Absent ones are null. Throws `REQUEST_INVALID` for unknown, repeated and invalid ones. */
export function readQuery<P extends Readonly<Record<string, Parameter<unknown> | Several<unknown>>>>(
  request: Request,
  parameters: P,
): Values<P> {
  const faults: Fault[] = [];
  const values: Record<string, unknown> = Object.fromEntries(Object.keys(parameters).map((name) => [name, null]));
  for (const [name, supplied] of Object.entries(request.query as Record<string, unknown>)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter)
      faults.push(
        fault(
          `/${name}`,
          `The parameter ${name} is unknown.`,
          remedyForUnknown(name, Object.keys(parameters), 'parameters'),
        ),
      );
    else {
      const read = valueOf(parameter, [supplied].flat());
      if ('wrong' in read) faults.push(fault(`/${name}`, `${name} ${read.wrong}.`));
      else values[name] = read.value;
    }
  }
  if (faults.length > 0) throw new ApiError('REQUEST_INVALID', 'the query is invalid', faults);
  return values as Values<P>;
}

function valueOf(
  parameter: Parameter<unknown> | Several<unknown>,
  supplied: readonly unknown[],
): { readonly value: unknown } | { readonly wrong: string } {
  const isSeveral = 'most' in parameter;
  const most = isSeveral ? parameter.most : 1;
  if (supplied.length > most)
    return { wrong: isSeveral ? `can be given at most ${most} times` : 'can be given only once' };
  const values = supplied.map((text) => (typeof text === 'string' ? parameter.read(text) : null));
  if (values.includes(null)) return { wrong: `must be ${parameter.says}` };
  return { value: isSeveral ? values.flat() : values[0] };
}

/** Up to `most` values, each given as a parameter of the same name. */
export function several<T>({ read, says }: Parameter<T>, most: number): Several<T> {
  const readList = (supplied: string): readonly T[] | null => {
    const value = read(supplied);
    return value === null ? null : [value];
  };
  return { read: readList, says, most };
}

/** Any text up to 1 024 characters. */
export const text: Parameter<string> = {
  read: (supplied) => (hasAtMost(supplied, 1_024) ? supplied : null),
  says: 'at most 1024 characters',
};

/** A text from 1 to 200 characters. */
export const phrase: Parameter<string> = {
  read: (supplied) => (supplied.length >= 1 && hasAtMost(supplied, 200) ? supplied : null),
  says: '1 to 200 characters',
};

const INSTANT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** A time (RFC 3339, without leap seconds) in milliseconds since the epoch; parts of a millisecond are cut off. */
export const instantText: Parameter<number> = {
  read: (supplied) => {
    const day = INSTANT.exec(supplied)?.[1];
    // `Date` takes the 30th of February for a day of March.
    if (day === undefined || !isDay(day)) return null;
    const at = Date.parse(supplied);
    return Number.isNaN(at) ? null : at;
  },
  says: 'a time with an offset, such as 2027-01-31T00:00:00Z',
};

function isDay(day: string): boolean {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}

/** An integer within a range. */
export function whole(least: number, most: number): Parameter<number> {
  return {
    read: (supplied) =>
      /^\d{1,15}$/.test(supplied) && Number(supplied) >= least && Number(supplied) <= most ? Number(supplied) : null,
    says: `an integer from ${least} to ${most}`,
  };
}

/** `true` or `false`. */
export const flag: Parameter<boolean> = {
  read: (supplied) => (supplied === 'true' ? true : supplied === 'false' ? false : null),
  says: 'true or false',
};

/** One of a fixed set of words. */
export function oneOf<Word extends string>(...words: readonly Word[]): Parameter<Word> {
  return { read: (supplied) => words.find((word) => word === supplied) ?? null, says: `one of ${words.join(', ')}` };
}

/** Seconds: `30s` or `30`. In milliseconds. */
export function seconds(most: number): Parameter<number> {
  return {
    read: (supplied) => {
      const match = /^(\d{1,4})s?$/.exec(supplied);
      return match && Number(match[1]) <= most ? Number(match[1]) * 1_000 : null;
    },
    says: `seconds, such as 30s, at most ${most}s`,
  };
}
