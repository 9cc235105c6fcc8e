import type { Type } from '@nestjs/common';
import { nearestName, type Fault } from '@taskrunner/core/foundation';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { ApiError } from '../problems/problem';

/** Of request classes. */
export interface HasParts {
  /** Members that are lists of objects, with their class. */
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
  return checked(type, value).faults.map((found) => ({ ...found, path: `${at}${found.path}` }));
}

function checked<Dto extends object>(
  type: Type<Dto> & HasParts,
  value: object,
): { readonly dto: Dto; readonly faults: readonly Fault[] } {
  const dto = instanceOf(type, value);
  const errors = validateSync(dto, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  const tally = { guesses: 0 };
  const own = errors.flatMap((error) => faultsOf(error, '', tally));
  return { dto, faults: [...own, ...(type.together?.(value as Readonly<Record<string, unknown>>) ?? [])] };
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

function faultsOf(
  { property, constraints, children, value, target }: ValidationError,
  above: string,
  tally: { guesses: number },
): readonly Fault[] {
  // A value of the wrong kind is reported without a property: the enclosing member is at fault.
  const name = property as string | undefined;
  const path = name === undefined ? above : `${above}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const rules = Object.entries(constraints ?? {});
  const isUnknown = rules.some(([rule]) => rule === 'whitelistValidation');
  if (name !== undefined && value === undefined && rules.length > 0 && !isUnknown)
    return [fault(path, `The member ${name} is required.`, 'Add the member.')];
  const own = rules.map(([rule, message]) =>
    rule === 'whitelistValidation'
      ? fault(path, `The member ${property} is unknown.`, remedyForMember(property, target, tally))
      : fault(path, `${message}.`),
  );
  return [...own, ...(children ?? []).flatMap((child) => faultsOf(child, path, tally))];
}

/** Faults beyond the reported ones need no guess. */
function remedyForMember(name: string, target: object | undefined, tally: { guesses: number }): string {
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
