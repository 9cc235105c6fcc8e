import { ApiProperty } from '@nestjs/swagger';
import { isDigest, type Digest } from '@taskrunner/core/foundation';
import { IsOptional, Matches, ValidateBy } from 'class-validator';
import { PackBody } from '../plans/pack-body';

export const DIGEST = /^sha256:[0-9a-f]{64}$/;
export const DIGEST_PATTERN = DIGEST.source;

/** An object with at most `most` valid members. */
export function IsMapOf(
  name: string,
  what: string,
  most: number,
  holds: (value: unknown) => boolean,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
        const entries = Object.entries(value);
        return entries.length <= most && entries.every(([key, one]) => key.length <= 63 && holds(one));
      },
      defaultMessage: (validation) => `${validation?.property ?? 'it'} must be an object with at most ${most} ${what}`,
    },
  });
}

/** `POST /api/runs`. */
export class SubmitRunBody extends PackBody {
  @ApiProperty({
    required: false,
    type: String,
    pattern: DIGEST_PATTERN,
    description: 'Expected plan hash. If the plan has another hash, the request is refused and no run starts.',
  })
  @IsOptional()
  @Matches(DIGEST, { message: 'planHash must be sha256: followed by 64 hexadecimal digits' })
  planHash?: Digest;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'string', pattern: DIGEST_PATTERN },
    description: 'Receipt of the earlier plan. With it, a refusal lists each component that differs.',
  })
  @IsOptional()
  @IsMapOf('isReceipt', 'digests', 64, isDigest)
  receipt?: Record<string, Digest>;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 256 },
    description: 'Labels of the run. They are not part of the plan.',
  })
  @IsOptional()
  @IsMapOf(
    'isLabels',
    'texts',
    64,
    (value) => typeof value === 'string' && value.length <= 256 && value.isWellFormed() && !value.includes('\0'),
  )
  labels?: Record<string, string>;
}
