import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { isDigest, isJsonObject, type Json, type RunId, type TenantId } from '@taskrunner/core/foundation';
import { ComparedRuns, isMarked, RunSteps } from '@taskrunner/core/operations';
import { ROOT } from '@taskrunner/core/plan';
import { ObjectStore, RunReader, type StepRow } from '@taskrunner/core/ports';
import { DocumentAltered } from '@taskrunner/core/stored';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { begun } from '../artifacts/download';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { OF_DOWNLOADS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { stepStatuses } from '../openapi/schemas/runs';
import { ApiError } from '../problems/problem';
import { PublicUrl } from '../public-url';
import { Pages } from '../requests/paging/pages';
import { oneOf, readQuery, text } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from './run-not-found';
import { toArtifact, toStep } from './run-view';

const PAGES = new Pages('steps', 1_000, 200);

@ApiTags('runs')
@Controller('api/runs/:runId/steps')
export class StepsController {
  constructor(
    private readonly reader: RunReader,
    private readonly steps: RunSteps,
    private readonly compared: ComparedRuns,
    private readonly objects: ObjectStore,
    private readonly url: PublicUrl,
  ) {}

  @Get()
  @Operation({
    id: 'listSteps',
    summary: 'List the steps that the run has reached',
    description:
      'With `parent`, the response lists the child steps of that step in plan order. Without it, the response lists all steps, sorted by parent, those of one parent in plan order.',
    scopes: ['packs.read'],
    limit: 'read',
    query: {
      parent: {
        description: 'Return only child steps of this step; empty: top-level steps.',
        schema: { type: 'string' },
      },
      status: {
        description: 'Return only steps with this status.',
        schema: { type: 'string', enum: [...stepStatuses] },
      },
      ...PAGES.query,
    },
    answers: [Pages.answer('Step', EXAMPLES.step)],
    codes: ['RUN_NOT_FOUND'],
  })
  async list(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId, @Req() request: Request) {
    const query = readQuery(request, {
      parent: text,
      status: oneOf(...stepStatuses),
      ...PAGES.parameters,
    });
    const { tenant } = principal;
    if (!(await this.reader.summary(tenant, runId))) throw runNotFound();
    const filter = {
      ...(query.parent === null ? {} : { parent: query.parent }),
      ...(query.status === null ? {} : { status: query.status }),
    };
    const { items, nextCursor } = await PAGES.read(
      query,
      ['steps', tenant, runId, filter],
      (after, limit) => this.steps.list(tenant, runId, filter, limit, after),
      ({ step }) => step,
    );
    const artifacts = await this.artifactsOf(tenant, runId, items);
    return {
      items: items.filter(({ step }) => step !== ROOT).map((row) => toStep(row, artifacts(row.step))),
      nextCursor,
    };
  }

  @Get(':stepId')
  @Operation({
    id: 'getStep',
    summary: 'Get a step',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [{ status: 200, description: 'The step.', schema: ref('Step'), example: EXAMPLES.step }],
    codes: ['RUN_NOT_FOUND', 'STEP_NOT_FOUND'],
  })
  async get(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId, @Param('stepId') stepId: string) {
    const row = await this.find(principal.tenant, runId, stepId);
    return toStep(row, (await this.artifactsOf(principal.tenant, runId, [row]))(row.step));
  }

  @Get(':stepId/outputs')
  @Operation({
    id: 'getStepOutputs',
    summary: 'Get the outputs of a step, including large outputs',
    scopes: ['packs.read'],
    limit: 'download',
    answers: [
      { status: 200, description: 'The outputs; null if the step has none.', schema: {}, example: { exitCode: 0 } },
    ],
    codes: ['RUN_NOT_FOUND', 'STEP_NOT_FOUND', ...OF_DOWNLOADS],
  })
  async outputs(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Param('stepId') stepId: string,
    @Res() response: Response,
  ) {
    const row = await this.find(principal.tenant, runId, stepId);
    await this.unlessMarked(principal.tenant, runId, () => this.compared.compareSteps(principal.tenant, runId, [row]));
    const { outputs, outputsRef } = row;
    const digest = outputs === null ? storedDigest(outputsRef) : null;
    if (digest === null) {
      response.status(200).json(outputs);
      return;
    }
    const bytes = await begun(await this.objects.open(principal.tenant, digest));
    response.status(200).type('application/json');
    await pipeline(Readable.from(bytes), response);
  }

  private async find(tenant: TenantId, runId: RunId, stepId: string): Promise<StepRow> {
    const row = await this.steps.find(tenant, runId, stepId);
    if (row && row.step !== ROOT) return row;
    if (!(await this.reader.summary(tenant, runId))) throw runNotFound();
    throw new ApiError('STEP_NOT_FOUND', 'the run has no such step');
  }

  /** Artifacts by step, after they and the rows of these steps were compared with the journal. */
  private async artifactsOf(tenant: TenantId, runId: RunId, rows: readonly StepRow[]) {
    const steps = rows.filter(({ step }) => step !== ROOT);
    const all = (await this.unlessMarked(tenant, runId, () => this.compared.artifacts(tenant, runId, steps))) ?? [];
    return (step: string) =>
      all.filter((artifact) => artifact.step === step).map((artifact) => toArtifact(artifact, runId, this.url));
  }

  /**
   * Null if an alteration is found in a run that is known to be altered: its steps are shown without artifacts, so that somebody can see how
   * far it came.
   */
  private async unlessMarked<Value>(
    tenant: TenantId,
    runId: RunId,
    compared: () => Promise<Value>,
  ): Promise<Value | null> {
    try {
      return await compared();
    } catch (error) {
      if (!DocumentAltered.is(error)) throw error;
      const run = await this.reader.summary(tenant, runId);
      if (run && isMarked(run)) return null;
      throw error;
    }
  }
}

function storedDigest(outputsRef: Json) {
  if (!isJsonObject(outputsRef) || outputsRef['kind'] !== 'value') return null;
  const { digest } = outputsRef;
  return isDigest(digest) ? digest : null;
}
