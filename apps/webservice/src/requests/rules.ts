import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches, ValidateBy, ValidateIf } from 'class-validator';

const DIGEST = /^sha256:[0-9a-f]{64}$/;
export const DIGEST_PATTERN = DIGEST.source;

/** A rule for a member of a body. `$property` in the message is the member's name. */
export function rule(name: string, message: string, holds: (value: unknown) => boolean): () => PropertyDecorator {
  return () => ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } });
}

/** Characters of a name in a map of a body. */
const MOST_NAME = 63;
const MOST_LABELS = 64;
const MOST_LABEL_VALUE = 256;

/** An object with at most `most` members that hold. `values`: what they must be; null: anything. */
export function IsMapOf(
  name: string,
  values: string | null,
  most: number,
  holds: (value: unknown) => boolean,
): PropertyDecorator {
  const bounds = `$property must be an object with at most ${most} members, whose names have at most ${MOST_NAME} characters`;
  return rule(name, values === null ? bounds : `${bounds} and whose values are ${values}`, (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const entries = Object.entries(value);
    return entries.length <= most && entries.every(([key, one]) => key.length <= MOST_NAME && holds(one));
  })();
}

/** Labels of runs. */
export function Labels(description: string): PropertyDecorator {
  const schema = {
    selfRequired: false,
    type: 'object',
    maxProperties: MOST_LABELS,
    propertyNames: { type: 'string', maxLength: MOST_NAME },
    additionalProperties: { type: 'string', maxLength: MOST_LABEL_VALUE },
    description: `${description} At most ${MOST_LABELS} labels. A name has at most ${MOST_NAME} characters, a value at most ${MOST_LABEL_VALUE}; neither can contain U+0000. A name with a colon cannot be used in the \`label\` filter.`,
  };
  return applyDecorators(
    ApiProperty(schema as object),
    MayBeAbsent(),
    IsMapOf(
      'isLabels',
      `texts of at most ${MOST_LABEL_VALUE} characters`,
      MOST_LABELS,
      (value) =>
        typeof value === 'string' && value.length <= MOST_LABEL_VALUE && value.isWellFormed() && !value.includes('\0'),
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
