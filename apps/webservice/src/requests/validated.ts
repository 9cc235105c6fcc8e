import type { Type } from '@nestjs/common';
import type { Fault } from '@taskrunner/core/foundation';
import { validateSync, type ValidationError } from 'class-validator';
import { ApiError } from '../problems/problem';

/** Of request classes: members that are lists of objects, with their class. */
export interface HasParts {
  readonly parts?: Readonly<Record<string, Type<object>>>;
}

/** Maximum items of a list of objects, and maximum reported faults: more are expensive and help nobody. */
const MOST_PARTS = 10_000;
const MOST_FAULTS = 100;

/** A parsed body as an instance of its class. Values are not converted. Throws `REQUEST_INVALID`. */
export function validated<Dto extends object>(type: Type<Dto> & HasParts, value: unknown): Dto {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw requestInvalid('', 'The body must be an object.');
  }
  const dto = instanceOf(type, value);
  const errors = validateSync(dto, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  const faults = errors.flatMap((error) => faultsOf(error, ''));
  if (faults.length > 0) {
    const { length } = faults;
    const shown = length > MOST_FAULTS ? `; the first ${MOST_FAULTS} are listed` : '';
    throw new ApiError(
      'REQUEST_INVALID',
      length === 1 ? 'the request has one error' : `the request has ${length} errors${shown}`,
      faults.slice(0, MOST_FAULTS),
    );
  }
  return dto;
}

function instanceOf<Dto extends object>(type: Type<Dto> & HasParts, value: object): Dto {
  const dto = Object.assign(new type(), value) as Dto & Record<string, unknown>;
  for (const [name, part] of Object.entries(type.parts ?? {})) {
    const list = dto[name];
    if (!Array.isArray(list)) continue;
    if (list.length > MOST_PARTS)
      throw requestInvalid(`/${name}`, `${name} must contain no more than ${MOST_PARTS} elements.`);
    const items = list.map((item: unknown) =>
      typeof item === 'object' && item !== null ? Object.assign(new part(), item) : item,
    );
    Object.assign(dto, { [name]: items });
  }
  return dto;
}

function faultsOf({ property, constraints, children }: ValidationError, above: string): readonly Fault[] {
  // A value of the wrong kind is reported without a property: the enclosing member is at fault.
  const name = property as string | undefined;
  const path = name === undefined ? above : `${above}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.entries(constraints ?? {}).map(([rule, message]) =>
    rule === 'whitelistValidation'
      ? fault(path, `The member ${property} is unknown.`, 'Remove the member, or correct its name.')
      : fault(path, `${message}.`),
  );
  return [...own, ...(children ?? []).flatMap((child) => faultsOf(child, path))];
}

/** A fault of a request, at a JSON pointer into its body or at the name of a parameter. */
export function fault(path: string, message: string, remediation = 'Correct the value.'): Fault {
  return { code: 'REQUEST_INVALID', path, line: null, column: null, message, remediation };
}

/** A request with this fault and no other. */
export function requestInvalid(path: string, message: string, remediation?: string): ApiError {
  return new ApiError('REQUEST_INVALID', 'the request has one error', [fault(path, message, remediation)]);
}
