import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Fault, Json, RunId, TenantId } from '@taskrunner/core/foundation';
import { invalidPack, PackPlanner } from '@taskrunner/core/operations';
import { declaredInputs, graphOf } from '@taskrunner/core/plan';
import { RunReader } from '@taskrunner/core/ports';
import type { RunDocuments } from '@taskrunner/core/stored';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { IF_NONE_MATCH, NOT_MODIFIED, Operation, type Answer } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { isKnown } from '../requests/entity-tag';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { flag, readQuery } from '../requests/paging/query';
import { OF_PLANS } from '../packs/pack-intake';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';
import { PacksToPlan } from './packs-to-plan';
import { receiptOf } from './plan-view';
import { PlanBody, SimulationBody } from './plan.body';

const CHECK = {
  check: { description: 'If true, return only the errors.', schema: { type: 'boolean', default: false } },
};
/** Of what is hashed in the plan of a run. */
const hashed = (description: string, name: 'Plan' | 'Graph', example: Json): readonly Answer[] => [
  { status: 200, description, schema: ref(name), example, headers: { ETag: 'The plan hash.' } },
  NOT_MODIFIED,
];

@ApiTags('plans')
@Controller('api')
export class PlansController {
  constructor(
    private readonly reader: RunReader,
    private readonly packs: PacksToPlan,
    private readonly planner: PackPlanner,
  ) {}

  @Post('plans')
  @HttpCode(200)
  @Operation({
    id: 'planPack',
    summary: 'Plan a pack without executing or storing anything',
    description: 'With `check=true` the response is 200 for invalid packs too: `{valid, errors}`.',
    scopes: ['packs.run'],
    limit: 'plan',
    body: { type: PlanBody, example: { manifest: EXAMPLES.manifest, inputs: {} } },
    query: CHECK,
    answers: [
      {
        status: 200,
        description: 'The plan; with `check=true`, whether the pack is valid.',
        schema: { oneOf: [ref('Plan'), ref('PlanCheck')] },
        example: EXAMPLES.plan,
      },
    ],
    codes: OF_PLANS,
  })
  async plan(
    @Caller() { principal }: Caller,
    @JsonBody('planPack') { value }: BodyFor<'planPack'>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { check } = readQuery(request, { check: flag });
    const { source, inputs, faults, signers } = await this.packs.takeWithInputs(principal.tenant, value);
    const planning = await this.planner.plan(principal.tenant, source, inputs, signers);
    const all = [...faults, ...(planning.kind === 'refused' ? planning.faults : [])];
    if (check) return void response.json(toCheck(all));
    if (planning.kind === 'refused') throw invalidPack(planning.code, all);
    if (all.length > 0) throw invalidPack('PLAN_INVALID', all);
    const { planHash, receipt, profileDigest, texts, warnings } = planning;
    const inputOrder = declaredInputs(JSON.parse(texts.manifest) as Json);
    const rest = JSON.stringify({ planHash, receipt, profileDigest, warnings: warnings.map(toFault), inputOrder });
    response.type('json').send(`${rest.slice(0, -1)},"plan":${texts.plan},"profile":${texts.profile}}`);
  }

  @Post('simulations')
  @HttpCode(200)
  @Operation({
    id: 'simulatePack',
    summary: 'Simulate a run without executing or storing anything',
    scopes: ['packs.run'],
    limit: 'plan',
    body: { type: SimulationBody, example: { manifest: EXAMPLES.manifest, inputs: {}, script: { greet: 'failed' } } },
    description:
      'A policy is evaluated if all values that it reads are known. Otherwise it is assumed to allow. `policies` lists each policy with its verdict and reasons. ' +
      'With `check=true` the response is 200 for invalid packs and scripts too: `{valid, errors}`.',
    query: CHECK,
    answers: [
      {
        status: 200,
        description: 'The simulation; with `check=true`, whether the pack and the script are valid.',
        schema: { anyOf: [ref('PlanCheck'), ref('Simulation')] },
        example: EXAMPLES.simulation,
      },
    ],
    codes: OF_PLANS,
  })
  async simulate(
    @Caller() { principal }: Caller,
    @JsonBody('simulatePack') { value }: BodyFor<'simulatePack'>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { check } = readQuery(request, { check: flag });
    const { source, inputs, faults, signers } = await this.packs.takeWithInputs(principal.tenant, value);
    if (faults.length > 0 && !check) throw invalidPack('PLAN_INVALID', faults);
    const simulation = await this.planner.simulate(principal.tenant, source, inputs, value.script, signers);
    if (check)
      return void response.json(toCheck([...faults, ...(simulation.kind === 'refused' ? simulation.faults : [])]));
    if (simulation.kind === 'refused') {
      if (simulation.code === 'SCRIPT_INVALID')
        throw new ApiError('REQUEST_INVALID', 'the script is invalid', simulation.faults);
      throw invalidPack(simulation.code, simulation.faults);
    }
    response.type('json').send(simulation.text);
  }

  @Get('runs/:runId/plan')
  @Operation({
    id: 'getPlan',
    summary: 'Get the plan of a run, exactly as it was hashed',
    scopes: ['packs.read'],
    limit: 'read',
    headers: IF_NONE_MATCH,
    answers: hashed('The plan.', 'Plan', EXAMPLES.plan),
    codes: ['RUN_NOT_FOUND'],
  })
  async get(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { tenant } = principal;
    await this.answer(tenant, runId, request, response, async ({ planHash, profileDigest, plan, profile }) => {
      const original = await this.reader.original(tenant, runId);
      const inputOrder = original === null ? [] : declaredInputs(JSON.parse(original.manifest) as Json);
      return { planHash, receipt: receiptOf(plan), profileDigest, plan, profile, warnings: [], inputOrder };
    });
  }

  @Get('runs/:runId/graph')
  @Operation({
    id: 'getGraph',
    summary: 'Get the template graph of a run; it never changes',
    scopes: ['packs.read'],
    limit: 'read',
    headers: IF_NONE_MATCH,
    answers: hashed('The graph.', 'Graph', EXAMPLES.graph),
    codes: ['RUN_NOT_FOUND'],
  })
  async graph(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    await this.answer(principal.tenant, runId, request, response, ({ plan, planHash }) => graphOf(plan, planHash));
  }

  /** Answers with what is shown of a plan, unless the caller has it. */
  private async answer(
    tenant: TenantId,
    runId: RunId,
    request: Request,
    response: Response,
    show: (documents: RunDocuments) => object | Promise<object>,
  ): Promise<void> {
    const found = await this.reader.documents(tenant, runId);
    if (!found) throw runNotFound();
    const tag = `"${found.planHash}"`;
    response.setHeader('ETag', tag);
    if (isKnown(request, tag)) response.status(304).end();
    else response.status(200).json(await show(found));
  }
}

function toCheck(faults: readonly Fault[]) {
  return { valid: faults.length === 0, errors: faults.map(toFault) };
}

function toFault(fault: Fault) {
  return { ...fault, aliases: fault.aliases ?? [] };
}
