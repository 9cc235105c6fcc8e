import { ApiProperty } from '@nestjs/swagger';
import type { Json } from '@taskrunner/core';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IsMapOf } from './submit-run.body';

/** `POST /api/runs/{runId}/rerun`. */
export class RerunBody {
  @ApiProperty({
    maxLength: 4_000,
    description:
      '`failed`: what succeeded is taken over. `start`: nothing is. Or the id of a step in the plan: it and what comes after it is done again.',
  })
  @IsString()
  @MaxLength(4_000)
  @Matches(/\S/, { message: 'from must not be empty' })
  from!: string;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'The sensitive inputs that the run had, by name: they are not kept.',
  })
  @IsOptional()
  @IsMapOf('isSensitive', 'values', 64, () => true)
  sensitive?: Record<string, Json>;
}
