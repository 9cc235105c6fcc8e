import { ApiProperty } from '@nestjs/swagger';
import type { Digest, Json, JsonObject } from '@taskrunner/core/foundation';
import type { DecisionKind } from '@taskrunner/core/gate';
import { IsIn, IsObject, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { DIGEST, DIGEST_PATTERN } from '../runs/submit-run.body';

/** `POST /api/runs/{runId}/approve`. */
export class ApproveBody {
  @ApiProperty({ maxLength: 1_024, description: 'The gate instance, such as `rollout[3]::approve`.' })
  @IsString()
  @MaxLength(1_024)
  gateId!: string;

  @ApiProperty({ enum: ['approved', 'rejected', 'withdrawn'] })
  @IsIn(['approved', 'rejected', 'withdrawn'])
  decision!: DecisionKind;

  @ApiProperty({ type: String, pattern: DIGEST_PATTERN, description: 'The plan hash of the run.' })
  @Matches(DIGEST, { message: 'planHash must be sha256: followed by 64 hexadecimal digits' })
  planHash!: Digest;

  @ApiProperty({
    required: false,
    type: String,
    pattern: DIGEST_PATTERN,
    description:
      'Digest of the gate request that was reviewed. It can be omitted only if the gate shows no values and no step behind it reads a result.',
  })
  @IsOptional()
  @Matches(DIGEST, { message: 'gateDigest must be sha256: followed by 64 hexadecimal digits' })
  gateDigest?: Digest;

  @ApiProperty({ required: false, nullable: true, type: 'string', maxLength: 4_000 })
  @IsOptional()
  @IsString()
  @MaxLength(4_000)
  reason?: string | null;

  @ApiProperty({
    selfRequired: false,
    description: 'Response to the form of the gate.',
    type: 'object',
    additionalProperties: true,
  })
  @IsOptional()
  response?: Json;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: '`{iss, sub}` of the person who delegated the decision.',
  })
  @IsOptional()
  @IsObject()
  onBehalfOf?: JsonObject;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: "DSSE envelope with the person's signature over the intent.",
  })
  @IsOptional()
  @IsObject()
  proof?: JsonObject;
}
