import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches, ValidateBy, ValidateIf } from 'class-validator';

const DIGEST = /^sha256:[0-9a-f]{64}$/;
export const DIGEST_PATTERN = DIGEST.source;

/** A rule for a member of a body. `$property` in the message is the member's name. */
export function rule(name: string, message: string, holds: (value: unknown) => boolean): () => PropertyDecorator {
  return () => ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } });
}

/** An object with at most `most` members that hold. */
export function IsMapOf(
  name: string,
  what: string,
  most: number,
  holds: (value: unknown) => boolean,
): PropertyDecorator {
  return rule(name, `$property must be an object with at most ${most} ${what}`, (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const entries = Object.entries(value);
    return entries.length <= most && entries.every(([key, one]) => key.length <= 63 && holds(one));
  })();
}

/** Labels of runs. */
export function IsLabels(): PropertyDecorator {
  return IsMapOf(
    'isLabels',
    'texts',
    64,
    (value) => typeof value === 'string' && value.length <= 256 && value.isWellFormed() && !value.includes('\0'),
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
