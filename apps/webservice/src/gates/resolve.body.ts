import type { ResolutionOutcome } from '@taskrunner/core/evidence';
import type { JsonObject } from '@taskrunner/core/foundation';
import { IsIn, IsInt, IsObject, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { MayBeAbsent } from '../requests/rules';

/** `POST /api/runs/{runId}/steps/{stepId}/resolve`. */
export class ResolveBody {
  @ApiProperty({
    minimum: 1,
    maximum: 1_000_000,
    description: 'Number of the execution with the unknown outcome, as shown in `error` of the step.',
  })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  execution!: number;

  @ApiProperty({
    enum: ['succeeded', 'failed', 'retry'],
    description: 'Outcome of the execution. `retry`: it had no effect, and another attempt may start.',
  })
  @IsIn(['succeeded', 'failed', 'retry'])
  outcome!: ResolutionOutcome;

  @ApiProperty({
    selfRequired: false,
    description: 'With `succeeded`: the outputs that the step declares, at most 64 KiB.',
    type: 'object',
    additionalProperties: true,
  })
  @MayBeAbsent()
  @IsObject()
  outputs?: JsonObject;

  @ApiProperty({ maxLength: 4_000, description: 'How the outcome was determined. It is part of the signed record.' })
  @IsString()
  @MaxLength(4_000)
  @Matches(/\S/, { message: 'reason must not be empty' })
  reason!: string;
}
