import type { Digest, Json, JsonObject, Principal } from '@taskrunner/core/foundation';
import type { DecisionKind } from '@taskrunner/core/gate';
import { IsIn, IsObject, IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { DigestText, MayBeAbsent, rule } from '../requests/rules';

const IsSubject = rule('isSubject', '$property must be {iss, sub}', (value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { iss, sub, ...more } = value as Readonly<Record<string, unknown>>;
  return typeof iss === 'string' && typeof sub === 'string' && Object.keys(more).length === 0;
});

/** `POST /api/runs/{runId}/approve`. */
export class ApproveBody {
  @ApiProperty({ maxLength: 1_024, description: 'The gate instance, such as `rollout[3]::approve`.' })
  @IsString()
  @MaxLength(1_024)
  gateId!: string;

  @ApiProperty({ enum: ['approved', 'rejected', 'withdrawn'] })
  @IsIn(['approved', 'rejected', 'withdrawn'])
  decision!: DecisionKind;

  @DigestText('The plan hash of the run.')
  planHash!: Digest;

  @DigestText(
    'Digest of the gate request that was reviewed. It can be omitted only if the gate shows no values and no step behind it reads a result.',
    { required: false },
  )
  gateDigest?: Digest;

  @ApiProperty({ required: false, nullable: true, type: 'string', maxLength: 4_000 })
  @IsOptional()
  @IsString()
  @MaxLength(4_000)
  reason?: string | null;

  @ApiProperty({
    selfRequired: false,
    description:
      'Response to the form of the gate, as `form` of the gate describes it. Only an approval has one; later approvers send the same. Null: none.',
    nullable: true,
    type: 'object',
    additionalProperties: true,
  })
  @IsOptional()
  response?: Json;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: false,
    required: ['iss', 'sub'],
    properties: { iss: { type: 'string' }, sub: { type: 'string' } },
    description: 'The person who delegated the decision.',
  })
  @MayBeAbsent()
  @IsSubject()
  onBehalfOf?: Pick<Principal, 'iss' | 'sub'>;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: "DSSE envelope with the person's signature over the intent.",
  })
  @MayBeAbsent()
  @IsObject()
  proof?: JsonObject;
}
