import type { Type } from '@nestjs/common';
import { nearestName, type Fault } from '@taskrunner/core/foundation';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { ApiError } from '../problems/problem';
import { isRecord, misfitsOf, token } from './rules';

/** Of request classes. */
export interface HasParts {
  /** Members that are lists of objects, with their class. Their rules are checked here, so that each fault has its exact place. */
  readonly parts?: Readonly<Record<string, Type<object>>>;
  /** Faults of members that exclude or require each other. Called with bodies of any content, so that all faults are reported together. */
  readonly together?: (body: Readonly<Record<string, unknown>>) => readonly Fault[];
}

/** Maximum items of a list of objects, and maximum reported faults: more are expensive and help nobody. */
const MOST_PARTS = 10_000;
const MOST_FAULTS = 100;

/** A parsed body as an instance of its class. Values are not converted. Throws `REQUEST_INVALID` with all faults. */
export function validated<Dto extends object>(type: Type<Dto> & HasParts, value: unknown): Dto {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw requestInvalid('', 'The body must be an object.');
  }
  const { dto, faults } = checked(type, value);
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

/** The faults of an object inside of a body. `at`: JSON pointer to it. */
export function faultsIn(type: Type<object> & HasParts, value: object, at: string): readonly Fault[] {
  return below(at, checked(type, value).faults);
}

/** Guesses of names that were made for one body. */
interface Tally {
  guesses: number;
}

function checked<Dto extends object>(
  type: Type<Dto> & HasParts,
  value: object,
  tally: Tally = { guesses: 0 },
): { readonly dto: Dto; readonly faults: readonly Fault[] } {
  const members = value as Readonly<Record<string, unknown>>;
  const dto = Object.assign(new type(), value);
  const errors = validateSync(dto, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  const together = type.together?.(members) ?? [];
  // A member that cannot be there has no type to correct.
  const excluded = new Set(together.map(({ path }) => path));
  const own = [...errors.flatMap((error) => faultsOf(error, tally)), ...faultsOfParts(type, members, tally)];
  return { dto, faults: [...own.filter(({ path }) => !excluded.has(path)), ...together] };
}

/** The faults of lists of objects. */
function faultsOfParts(
  { parts = {} }: HasParts,
  members: Readonly<Record<string, unknown>>,
  tally: Tally,
): readonly Fault[] {
  return Object.entries(parts).flatMap(([name, part]) => {
    const list = members[name];
    if (!Array.isArray(list)) return [];
    if (list.length > MOST_PARTS)
      throw requestInvalid(`/${name}`, `${name} must contain no more than ${MOST_PARTS} elements.`);
    return list.flatMap((item: unknown, index) => {
      const at = `/${name}/${index}`;
      return isRecord(item)
        ? below(at, checked(part, item, tally).faults)
        : [fault(at, 'The element must be an object.')];
    });
  });
}

function below(at: string, faults: readonly Fault[]): readonly Fault[] {
  return faults.map((found) => ({ ...found, path: `${at}${found.path}` }));
}

/** Rules for the type of a value. If one fails, the others say nothing more. */
const TYPE_RULES: ReadonlySet<string> = new Set(['isString', 'isInt', 'isBoolean', 'isArray', 'isObject']);

function faultsOf({ property, constraints = {}, value, target }: ValidationError, tally: Tally): readonly Fault[] {
  const path = `/${token(property)}`;
  if ('whitelistValidation' in constraints)
    return [fault(path, `The member ${property} is unknown.`, remedyForMember(property, target, tally))];
  const rules = Object.entries(constraints);
  if (value === undefined && rules.length > 0)
    return [fault(path, `The member ${property} is required.`, 'Add the member.')];
  const ofType = rules.filter(([rule]) => TYPE_RULES.has(rule));
  return (ofType.length > 0 ? ofType : rules).flatMap(
    ([rule, message]) =>
      misfitsOf(rule, value)?.map((part) => fault(`${path}${part.at}`, `The value ${part.message}.`)) ?? [
        fault(path, `${message}.`),
      ],
  );
}

/** Faults beyond the reported ones need no guess. */
function remedyForMember(name: string, target: object | undefined, tally: Tally): string {
  if (target === undefined || ++tally.guesses > MOST_FAULTS) return 'Remove the member, or correct its name.';
  return remedyForUnknown(name, membersOf(target), 'members');
}

/** The members of a request class, sorted. */
function membersOf(target: object): readonly string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))].sort();
}

/** The remedy for an unknown name: the nearest known one, or all of them. `what`: the known names, such as `parameters`. */
export function remedyForUnknown(name: string, known: readonly string[], what: string): string {
  const near = nearestName(name, known);
  return near === null ? `Known ${what}: ${known.join(', ') || 'none'}.` : `Did you mean ${near}?`;
}

/** A fault of a request, at a JSON pointer into its body or at the name of a parameter. */
export function fault(path: string, message: string, remediation = 'Correct the value.'): Fault {
  return { code: 'REQUEST_INVALID', path, line: null, column: null, message, remediation };
}

/** A request with this fault and no other. */
export function requestInvalid(path: string, message: string, remediation?: string): ApiError {
  return new ApiError('REQUEST_INVALID', 'the request has one error', [fault(path, message, remediation)]);
}
