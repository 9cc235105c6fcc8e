import { Controller, Get, Param, Req } from '@nestjs/common';
import type { RunId } from '@taskrunner/core/foundation';
import { RunSteps } from '@taskrunner/core/operations';
import { RunReader } from '@taskrunner/core/ports';
import type { Request } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { stepStatuses } from '../openapi/schemas/runs';
import { readQuery, text } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from './run-not-found';

@ApiTags('runs')
@Controller('api/runs/:runId/step-counts')
export class StepCountsController {
  constructor(
    private readonly reader: RunReader,
    private readonly steps: RunSteps,
  ) {}

  @Get()
  @Operation({
    id: 'countSteps',
    summary: 'Count the child steps of a step by status',
    description:
      'Counts only steps that the run has reached. Each item of a map counts as one child step. A step that the run has not reached has no child steps.',
    scopes: ['packs.read'],
    limit: 'read',
    query: {
      parent: {
        description: 'Count the child steps of this step; empty or absent: top-level steps.',
        schema: { type: 'string' },
      },
    },
    answers: [{ status: 200, description: 'The counts.', schema: ref('StepCounts'), example: EXAMPLES.stepCounts }],
    codes: ['RUN_NOT_FOUND'],
  })
  async count(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId, @Req() request: Request) {
    const { tenant } = principal;
    const parent = readQuery(request, { parent: text }).parent ?? '';
    if (!(await this.reader.summary(tenant, runId))) throw runNotFound();
    const counts = await this.steps.count(tenant, runId, parent);
    const steps = Object.fromEntries(stepStatuses.map((status) => [status, counts.get(status) ?? 0]));
    return { parent, steps: { total: Object.values(steps).reduce((sum, count) => sum + count, 0), ...steps } };
  }
}
