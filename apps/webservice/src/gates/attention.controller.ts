import { Controller, Param, Post, Res } from '@nestjs/common';
import type { RunId } from '@taskrunner/core/foundation';
import { DecisionError, ResolveAttention } from '@taskrunner/core/operations';
import type { Response } from 'express';
import { Limits, refuseAfter } from '../auth/auth.guard';
import { Caller, callerKey } from '../auth/caller';
import { RateLimiter } from '../auth/rate-limiter';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { RunIdPipe } from '../requests/run-id.pipe';
import { ResolveBody } from './resolve.body';

const MINUTE_SECONDS = 60;

/** Steps with an unknown outcome, and their resolution by people. */
@ApiTags('gates')
@Controller('api/runs/:runId/steps/:stepId')
export class AttentionController {
  constructor(
    private readonly attention: ResolveAttention,
    private readonly limiter: RateLimiter,
    private readonly limits: Limits,
  ) {}

  @Post('resolve')
  @Operation({
    id: 'resolveAttention',
    summary: 'Record the outcome of a step whose outcome is unknown',
    description:
      'A step with `effects: once` is not run again automatically if its worker was lost. A person who did not initiate the run records what the step did. `receipt` is the signed resolution. Repeating the same resolution returns the first record.',
    scopes: ['packs.approve'],
    limit: 'decide',
    body: { type: ResolveBody, example: EXAMPLES.resolve },
    answers: [
      { status: 200, description: 'The decision counts.', schema: ref('Resolution'), example: EXAMPLES.resolution },
    ],
    codes: [
      'RUN_NOT_FOUND',
      'RUN_ENDED',
      'ATTENTION_NOT_NEEDED',
      'ATTENTION_STALE',
      'ATTENTION_RESOLVED',
      'ATTENTION_OUTPUTS_INVALID',
      'GATE_SELF_APPROVAL',
      'GATE_NOT_A_PERSON',
      'GATE_REASON_REQUIRED',
      'GATE_AUTH_TOO_OLD',
      'DECISIONS_TOO_MANY',
    ],
  })
  async resolve(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Param('stepId') step: string,
    @JsonBody('resolveAttention') { value }: BodyFor<'resolveAttention'>,
    @Res() response: Response,
  ) {
    const key = callerKey('refused', principal);
    const { refusedDecisions } = this.limits.of;
    refuseAfter(this.limiter.peek(key, refusedDecisions, MINUTE_SECONDS), 'refusedDecisions', refusedDecisions);
    const { execution, outcome, outputs = null, reason } = value;
    try {
      const resolution = { runId, step, execution, outcome, outputs, reason };
      const receipt = await this.attention.resolve(principal, resolution);
      response.status(200).json({ runId, stepId: step, execution, outcome, receipt });
    } catch (error) {
      if (DecisionError.is(error)) this.limiter.take(key, refusedDecisions, MINUTE_SECONDS);
      throw error;
    }
  }
}
