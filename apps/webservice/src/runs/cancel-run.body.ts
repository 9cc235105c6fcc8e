import { IsBoolean, IsString, Matches, MaxLength } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { MayBeAbsent } from '../requests/rules';

/** `POST /api/runs/{runId}/cancel`. */
export class CancelRunBody {
  @ApiProperty({
    required: false,
    maxLength: 4_000,
    description:
      'Reason for the cancellation. It is stored with the run and shown to everybody who can read the run: it must not contain a secret.',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(4_000)
  @Matches(/\S/, { message: 'reason must not be empty' })
  reason?: string;

  @ApiProperty({ required: false, default: false, description: 'Also stop cleanup steps.' })
  @MayBeAbsent()
  @IsBoolean()
  force?: boolean;
}
