import type { Fault } from '@taskrunner/core/foundation';
import type { Request } from 'express';
import { ApiError } from '../../problems/problem';
import { fault } from '../validated';

/** Parser of one query parameter; null for an invalid text. */
export interface Parameter<T> {
  readonly read: (text: string) => T | null;
  readonly says: string;
}

type Values<P> = { readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T | null : never };

/** The parameters of a query. Absent ones are null. Throws `REQUEST_INVALID` for unknown, repeated and invalid ones. */
export function readQuery<P extends Readonly<Record<string, Parameter<unknown>>>>(
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
          `Known parameters: ${Object.keys(parameters).join(', ') || 'none'}.`,
        ),
      );
    else if (typeof supplied !== 'string') faults.push(fault(`/${name}`, `${name} can be given only once.`));
    else {
      const value = parameter.read(supplied);
      if (value === null) faults.push(fault(`/${name}`, `${name} must be ${parameter.says}.`));
      values[name] = value;
    }
  }
  if (faults.length > 0) throw new ApiError('REQUEST_INVALID', 'the query is invalid', faults);
  return values as Values<P>;
}

/** Any text up to 1 024 characters. */
export const text: Parameter<string> = {
  read: (supplied) => (supplied.length <= 1_024 ? supplied : null),
  says: 'at most 1024 characters',
};

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
