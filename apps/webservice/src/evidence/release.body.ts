import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** `POST /api/runs/{runId}/evidence/release`. */
export class ReleaseBody {
  @ApiProperty({
    required: false,
    type: [String],
    maxItems: 1_000,
    description:
      'Files of the bundle to withhold, as `evidence.reason` of the run names them. None: what blocked the seal was removed (a secret was changed), and it is tried again.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1_000)
  @IsString({ each: true })
  @MaxLength(4_096, { each: true })
  paths?: string[];

  @ApiProperty({
    maxLength: 4_000,
    description: 'Why; it stands in the signed record, which goes into the bundle. Never write the secret here.',
  })
  @IsString()
  @MaxLength(4_000)
  @Matches(/\S/, { message: 'reason must not be empty' })
  reason!: string;
}
