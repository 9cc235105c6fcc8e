import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { isCodedError, isRunId, type RunId, type TenantId } from '@taskrunner/core/foundation';
import { invalidPack, isScenarioFile, PackPlanner } from '@taskrunner/core/operations';
import { RunReader } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { OF_PLANS, PLANNER_CODES } from '../packs/pack-intake';
import { ApiError } from '../problems/problem';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { oneOf, readQuery, type Parameter } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { fault, requestInvalid } from '../requests/validated';
import { runNotFound } from '../runs/run-not-found';
import { DiffBody, GraphBody, ScenariosBody } from './comparison.body';
import type { PackRequest } from './pack-request';
import { PacksToPlan } from './packs-to-plan';

const run: Parameter<RunId> = { read: (supplied) => (isRunId(supplied) ? supplied : null), says: 'the id of a run' };

/** Comparing and drawing plans, and running scenarios. Nothing is executed or stored. */
@ApiTags('plans')
@Controller('api')
export class ComparisonController {
  constructor(
    private readonly reader: RunReader,
    private readonly packs: PacksToPlan,
    private readonly planner: PackPlanner,
  ) {}

  @Post('plans/diff')
  @HttpCode(200)
  @Operation({
    id: 'diffPlans',
    summary: 'Compare the plans of two packs, step by step',
    scopes: ['packs.run'],
    limit: 'plan',
    body: {
      type: DiffBody,
      example: {
        before: { manifest: EXAMPLES.manifest, inputs: {} },
        after: { manifest: EXAMPLES.manifest, inputs: {} },
      },
    },
    answers: [{ status: 200, description: 'The differences.', schema: ref('PlanDiff'), example: EXAMPLES.planDiff }],
    codes: OF_PLANS,
  })
  async diff(
    @Caller() { principal: { tenant } }: Caller,
    @JsonBody('diffPlans') { value }: BodyFor<'diffPlans'>,
    @Res() response: Response,
  ) {
    const before = await this.planAt('/before', tenant, value.before);
    const after = await this.planAt('/after', tenant, value.after);
    response
      .type('json')
      .send(await this.planner.compare(tenant, { before: before.texts.plan, after: after.texts.plan }));
  }

  @Post('plans/graph')
  @HttpCode(200)
  @Operation({
    id: 'drawPlan',
    summary: 'Get the template graph of a pack as data, Mermaid or SVG',
    scopes: ['packs.run'],
    limit: 'plan',
    body: { type: GraphBody, example: { manifest: EXAMPLES.manifest, inputs: {} } },
    query: {
      format: {
        description: 'json returns nodes and edges; mermaid and svg return `{format, text}` with the drawing.',
        schema: { type: 'string', enum: ['json', 'mermaid', 'svg'], default: 'json' },
      },
    },
    answers: [
      {
        status: 200,
        description: 'The graph, or its drawing.',
        schema: { oneOf: [ref('Graph'), ref('GraphDrawing')] },
        example: EXAMPLES.graph,
      },
    ],
    codes: OF_PLANS,
  })
  async graph(
    @Caller() { principal: { tenant } }: Caller,
    @JsonBody('drawPlan') { value }: BodyFor<'drawPlan'>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { format } = readQuery(request, { format: oneOf('json', 'mermaid', 'svg') });
    const { texts, planHash } = await this.plan(tenant, value);
    response
      .type('json')
      .send(await this.planner.draw(tenant, { plan: texts.plan, planHash, format: format ?? 'json' }));
  }

  @Post('scenarios')
  @HttpCode(200)
  @Operation({
    id: 'testPack',
    summary: 'Run the scenario tests of a pack; steps are simulated, not executed',
    description:
      'The status is 200 whatever the results are: the tests have passed if `failed` and `faulty` are 0. A scenario that cannot be read has no result; it counts in `faulty`, and `faults` names its file, line and column.',
    scopes: ['packs.run'],
    limit: 'plan',
    body: {
      type: ScenariosBody,
      example: { manifest: EXAMPLES.manifest, scenarios: 'name: the run succeeds\nexpect: { status: succeeded }\n' },
    },
    answers: [
      { status: 200, description: 'The test results.', schema: ref('ScenarioReport'), example: EXAMPLES.scenarios },
    ],
    codes: OF_PLANS,
  })
  async scenarios(
    @Caller() { principal: { tenant } }: Caller,
    @JsonBody('testPack') { value }: BodyFor<'testPack'>,
    @Res() response: Response,
  ) {
    const { scenarios, filter = '', pack } = value;
    const { source, signers } = await this.packs.take(tenant, pack);
    const files =
      scenarios === undefined
        ? source.files.filter(({ path }) => isScenarioFile(path)).sort((a, b) => (a.path < b.path ? -1 : 1))
        : [{ path: 'scenarios', bytes: new TextEncoder().encode(scenarios) }];
    if (files.length === 0)
      throw requestInvalid(
        '/scenarios',
        'The pack has no tests/*.yaml.',
        'Send scenarios, or a pack that contains them.',
      );
    response.type('json').send(await this.planner.scenarios(tenant, source, files, filter, signers));
  }

  @Get('runs/:runId/plan/diff')
  @Operation({
    id: 'diffRunPlans',
    summary: 'Compare the plans of two runs',
    description: '`against` is the earlier run. Both runs must belong to the tenant of the caller.',
    scopes: ['packs.read'],
    limit: 'read',
    query: {
      against: { description: 'Id of the run to compare with.', schema: { type: 'string' }, isRequired: true },
    },
    answers: [
      {
        ...{ status: 200, description: 'The differences.', schema: ref('PlanDiff'), example: EXAMPLES.planDiff },
        headers: { ETag: 'The two plan hashes.' },
      },
    ],
    codes: ['RUN_NOT_FOUND', ...PLANNER_CODES],
  })
  async diffRuns(
    @Caller() { principal: { tenant } }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { against } = readQuery(request, { against: run });
    if (against === null)
      throw new ApiError('REQUEST_INVALID', 'the query is invalid', [fault('/against', 'against is missing.')]);
    const [after, before] = await Promise.all([runId, against].map((one) => this.reader.documents(tenant, one)));
    if (!after || !before) throw runNotFound();
    response
      .setHeader('ETag', `"${before.planHash}.${after.planHash}"`)
      .type('json')
      .send(await this.planner.compare(tenant, { before: before.texts.plan, after: after.texts.plan }));
  }

  /** Like `plan`. Faults are reported below the member that holds the pack. */
  private async planAt(at: '/before' | '/after', tenant: TenantId, asked: PackRequest) {
    try {
      return await this.plan(tenant, asked);
    } catch (error) {
      if (!isCodedError(error) || error.faults.length === 0) throw error;
      const faults = error.faults.map((one) => ({ ...one, path: `${at}${one.path}` }));
      if (error.code === 'PACK_INVALID' || error.code === 'PLAN_INVALID') throw invalidPack(error.code, faults);
      if (ApiError.is(error)) throw new ApiError(error.code, error.message, faults, error.headers);
      throw error;
    }
  }

  private async plan(tenant: TenantId, asked: PackRequest) {
    const { source, signers, inputs, faults } = await this.packs.takeWithInputs(tenant, asked);
    const planning = await this.planner.plan(tenant, source, inputs, signers);
    if (planning.kind === 'refused') throw invalidPack(planning.code, [...faults, ...planning.faults]);
    if (faults.length > 0) throw invalidPack('PLAN_INVALID', faults);
    return planning;
  }
}
