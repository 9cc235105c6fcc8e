import type { Json } from '@taskrunner/core/foundation';
import { IsString, Matches, MaxLength } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { IsMapOf, MayBeAbsent } from '../requests/rules';

/** `POST /api/runs/{runId}/rerun`. */
export class RerunBody {
  @ApiProperty({
    maxLength: 4_000,
    description:
      '`failed`: results of succeeded steps are reused. `start`: no results are reused. The id of a step in the plan: this step and all steps after it are executed again.',
  })
  @IsString()
  @MaxLength(4_000)
  @Matches(/\S/, { message: 'from must not be empty' })
  from!: string;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'Sensitive inputs of the original run, by name. They must be sent again because they are not stored.',
  })
  @MayBeAbsent()
  @IsMapOf('isSensitive', 'any value', 64, () => true)
  sensitive?: Record<string, Json>;
}
