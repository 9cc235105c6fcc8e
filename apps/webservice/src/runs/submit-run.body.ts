import { isDigest, type Digest } from '@taskrunner/core/foundation';
import { ApiProperty } from '../openapi/described';
import { PackBody } from '../plans/pack-body';
import { DIGEST_PATTERN, DigestText, IsMapOf, Labels, MayBeAbsent } from '../requests/rules';

/** `POST /api/runs`. */
export class SubmitRunBody extends PackBody {
  @DigestText('Expected plan hash. If the plan has another hash, the request is refused and no run starts.', {
    required: false,
  })
  planHash?: Digest;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'string', pattern: DIGEST_PATTERN },
    description: 'Receipt of the earlier plan. With it, a refusal lists each component that differs.',
  })
  @MayBeAbsent()
  @IsMapOf('isReceipt', 'sha256: followed by 64 hexadecimal digits', 64, isDigest)
  receipt?: Record<string, Digest>;

  @Labels('Labels of the run. They are not part of the plan.')
  labels?: Record<string, string>;
}
