import { applyDecorators } from '@nestjs/common';
import { Matches, ValidateBy, ValidateIf } from 'class-validator';
import { ApiProperty } from '../openapi/described';

const DIGEST = /^sha256:[0-9a-f]{64}$/;
export const DIGEST_PATTERN = DIGEST.source;

/** A rule for a member of a body. `$property` in the message is the member's name. */
export function rule(name: string, message: string, holds: (value: unknown) => boolean): () => PropertyDecorator {
  return () => ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } });
}

/** A part of a member that does not hold. */
interface MisfitPart {
  /** JSON pointer below the member. */
  readonly at: string;
  readonly message: string;
}

const PART_RULES = new Map<string, (value: unknown) => readonly MisfitPart[]>();

/** A rule for the parts of a member, such as the elements of a list. `name` is unique; faults are reported at the parts. */
function partsRule(name: string, misfits: (value: unknown) => readonly MisfitPart[]): PropertyDecorator {
  PART_RULES.set(name, misfits);
  return rule(name, '$property has invalid parts', (value) => misfits(value).length === 0)();
}

/** The parts of a value that violate a rule for parts; null: the rule is not one. */
export function misfitsOf(name: string, value: unknown): readonly MisfitPart[] | null {
  return PART_RULES.get(name)?.(value) ?? null;
}

/** Each element of a list holds. A value that is no list is the concern of another rule. */
export function EachIs(name: string, what: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return partsRule(name, (value) =>
    Array.isArray(value)
      ? value.flatMap((one: unknown, index) => (holds(one) ? [] : [{ at: `/${index}`, message: `must be ${what}` }]))
      : [],
  );
}

/** Characters of a name in a map of a body. */
const MOST_NAME = 63;
const MOST_LABELS = 64;
const MOST_LABEL_VALUE = 256;

/** An object with at most `most` members that hold. `values`: what they must be. */
export function IsMapOf(
  name: string,
  values: string,
  most: number,
  holds: (value: unknown) => boolean,
): PropertyDecorator {
  const bounds = `$property must be an object with at most ${most} members, whose names have at most ${MOST_NAME} characters`;
  const bounded = rule(
    `${name}Bounds`,
    bounds,
    (value) =>
      isRecord(value) &&
      Object.keys(value).length <= most &&
      Object.keys(value).every((key) => hasAtMost(key, MOST_NAME)),
  );
  return applyDecorators(
    // Checked only for names that are short enough to be repeated in the path of a fault.
    partsRule(name, (value) =>
      isRecord(value)
        ? Object.entries(value).flatMap(([key, one]) =>
            !hasAtMost(key, MOST_NAME) || holds(one) ? [] : [{ at: `/${token(key)}`, message: `must be ${values}` }],
          )
        : [],
    ),
    bounded(),
  );
}

/** True if a text has at most `most` characters, counted as `maxLength` of JSON Schema counts them: a pair of surrogates is one. */
export function hasAtMost(text: string, most: number): boolean {
  return text.length <= most || (text.length <= 2 * most && [...text].length <= most);
}

/** A JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name as part of a JSON pointer (RFC 6901). */
export function token(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Without it, no filter could find the runs: the name of a label ends at the first colon there, and is not empty. */
const HasLabelNames = partsRule('hasLabelNames', (value) =>
  isRecord(value)
    ? Object.keys(value)
        .filter((name) => hasAtMost(name, MOST_NAME) && (name === '' || name.includes(':')))
        .map((name) => ({ at: `/${token(name)}`, message: 'must have a name that is not empty and has no colon' }))
    : [],
);

/** Labels of runs. */
export function Labels(description: string): PropertyDecorator {
  const schema = {
    selfRequired: false,
    type: 'object',
    maxProperties: MOST_LABELS,
    propertyNames: { type: 'string', minLength: 1, maxLength: MOST_NAME, pattern: '^[^:]+$' },
    additionalProperties: { type: 'string', maxLength: MOST_LABEL_VALUE },
    description: `${description} At most ${MOST_LABELS} labels. A name has 1 to ${MOST_NAME} characters and no colon, which separates it from the value in the \`label\` filter. A value has at most ${MOST_LABEL_VALUE} characters. Neither can contain U+0000.`,
  };
  return applyDecorators(
    ApiProperty(schema as object),
    MayBeAbsent(),
    HasLabelNames,
    IsMapOf(
      'isLabels',
      `a text of at most ${MOST_LABEL_VALUE} characters`,
      MOST_LABELS,
      (value) =>
        typeof value === 'string' &&
        hasAtMost(value, MOST_LABEL_VALUE) &&
        value.isWellFormed() &&
        !value.includes('\0'),
    ),
  );
}

/**
 * A member that may be left out, and is not null: where a program writes null for a value that it lost, such as the hash of the plan that it
 * expects, the request must not count as one without it. `IsOptional` of class-validator accepts null.
 */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_body, value) => value !== undefined);
}

/** A digest in a body. `required: false`: it may be left out. */
export function DigestText(description: string, { required = true } = {}): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...(required ? {} : { required }), type: String, pattern: DIGEST_PATTERN, description }),
    ...(required ? [] : [MayBeAbsent()]),
    Matches(DIGEST, { message: '$property must be sha256: followed by 64 hexadecimal digits' }),
  );
}
