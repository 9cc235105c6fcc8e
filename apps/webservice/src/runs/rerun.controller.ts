import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import { sha256 } from '@taskrunner/core/canonical';
import type { RunId } from '@taskrunner/core/foundation';
import { RerunRun } from '@taskrunner/core/operations';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { INTAKE_CODES, PLANNER_CODES, TRUST_CODES } from '../packs/pack-intake';
import { PublicUrl } from '../public-url';
import { idempotencyOf } from '../requests/idempotency-key';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { RunIdPipe } from '../requests/run-id.pipe';
import { RerunBody } from './rerun.body';
import { runTag, toRun } from './run-view';

const ROUTE = 'POST /api/runs/{runId}/rerun';

@ApiTags('runs')
@Controller('api/runs/:runId')
export class RerunController {
  constructor(
    private readonly rerunRun: RerunRun,
    private readonly url: PublicUrl,
  ) {}

  @Post('rerun')
  @Operation({
    id: 'rerunRun',
    summary: 'Rerun an ended run, from its failed steps or from any step',
    description:
      'Starts a new run of the same plan. The result of a succeeded step is reused by reference (`reusedFrom`) if all values that the step reads are unchanged. Cleanup steps run again, and gates must be approved again. Initiators of the original run cannot decide at these gates.',
    scopes: ['packs.run'],
    limit: 'submit',
    body: { type: RerunBody, example: { from: 'failed' } },
    headers: {
      'Idempotency-Key':
        'Unique for each person and route, and kept for 7 days. The same request returns the first rerun.',
    },
    answers: [
      {
        status: 201,
        description: 'The new run was accepted.',
        schema: ref('Run'),
        example: { ...EXAMPLES.run, rerunOf: EXAMPLES.run.runId },
        headers: { Location: 'The run.' },
      },
      {
        status: 200,
        description: 'The request was accepted earlier. The response contains the run that it created.',
        schema: ref('Run'),
        example: { ...EXAMPLES.run, rerunOf: EXAMPLES.run.runId },
        headers: { 'Idempotency-Replayed': 'The value `true`.', ETag: 'Version of the run.' },
      },
    ],
    codes: [
      'RUN_NOT_FOUND',
      'RUN_NOT_ENDED',
      'RERUN_STEP_UNKNOWN',
      'PACK_INVALID',
      'PLAN_INVALID',
      'SEALED_UNENFORCEABLE',
      'PLAN_HASH_MISMATCH',
      'IDEMPOTENCY_KEY_REUSED',
      'IDEMPOTENCY_RUN_GONE',
      'CONCURRENCY_GROUP_HELD',
      ...PLANNER_CODES,
      ...INTAKE_CODES,
      ...TRUST_CODES,
    ],
  })
  async rerun(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @JsonBody('rerunRun') body: BodyFor<'rerunRun'>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { value } = body;
    // Keys are unique per route, and the run is part of the compared request.
    const idempotency = idempotencyOf(request, ROUTE, body, (digest) => sha256(`${runId}\n${digest}`));
    const asked = { runId, from: value.from, sensitive: value.sensitive ?? {} };
    const { runId: made, run, replayed } = await this.rerunRun.rerun(principal, asked, idempotency);
    if (!replayed) {
      response.status(201).setHeader('Location', this.url.run(made)).json(toRun(run, this.url));
      return;
    }
    response.setHeader('Idempotency-Replayed', 'true').setHeader('ETag', runTag(run));
    response.status(200).json(toRun(run, this.url));
  }
}
