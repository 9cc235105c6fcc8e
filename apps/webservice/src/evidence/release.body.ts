import { ArrayMaxSize, IsArray, IsString, Matches, MaxLength } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { EachIs, hasAtMost, MayBeAbsent } from '../requests/rules';

/** `POST /api/runs/{runId}/evidence/release`. */
export class ReleaseBody {
  @ApiProperty({
    required: false,
    type: [String],
    maxItems: 1_000,
    description:
      'Files of the bundle to withhold, as listed in `evidence.reason` of the run. Omit it if the cause was removed, for example because the secret was changed; the seal is then retried.',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(1_000)
  @EachIs(
    'isReleasedPath',
    'a text of at most 4096 characters',
    (value) => typeof value === 'string' && hasAtMost(value, 4_096),
  )
  paths?: string[];

  @ApiProperty({
    maxLength: 4_000,
    description:
      'Reason for the release. It is part of the signed record in the bundle; it must not contain the secret.',
  })
  @IsString()
  @MaxLength(4_000)
  @Matches(/\S/, { message: 'reason must not be empty' })
  reason!: string;
}
