import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  DecideApproval,
  DecisionError,
  GateDesk,
  gateNodeOf,
  PackPlanner,
  PlannerError,
  RunReader,
  ungatedEffects,
  type JsonObject,
  type Plan,
  type PlanDiff,
  type Principal,
  type RunId,
  type TenantId,
} from '@taskrunner/core';
import type { Request, Response } from 'express';
import { Limits, refuseAfter } from '../auth/auth.guard';
import { Caller } from '../auth/caller';
import { RateLimiter } from '../auth/rate-limiter';
import { EXAMPLES, pageExample } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { pageOf, ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { PublicUrl } from '../public-url';
import { JsonBody, type ReadBody } from '../requests/json-body';
import { flag, readQuery, whole } from '../requests/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { fault } from '../requests/validated';
import { runNotFound } from '../runs/run-not-found';
import { instant } from '../runs/run-view';
import { ApproveBody } from './approve.body';
import { toGate, type GatePlanDiff } from './gate-view';

const MINUTE_SECONDS = 60;

@ApiTags('gates')
@Controller('api')
export class GatesController {
  constructor(
    private readonly decideApproval: DecideApproval,
    private readonly gates: GateDesk,
    private readonly reader: RunReader,
    private readonly planner: PackPlanner,
    private readonly limiter: RateLimiter,
    private readonly limits: Limits,
    private readonly url: PublicUrl,
  ) {}

  @Get('runs/:runId/gates/:gate')
  @Operation({
    id: 'getGate',
    summary: 'A gate: what is decided there',
    description:
      'Hash what you show: the digest of `request` (RFC 8785) is `gateDigest`, and the digest of `show` is in it.',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [{ status: 200, description: 'The gate.', schema: ref('Gate'), example: EXAMPLES.gate }],
    codes: ['RUN_NOT_FOUND', 'GATE_NOT_FOUND', 'GATE_NOT_OPEN'],
  })
  async get(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId, @Param('gate') gate: string) {
    const row = await this.gates.find(principal.tenant, runId, gate);
    const found = await this.reader.plan(principal.tenant, runId);
    if (!found) throw runNotFound();
    const plan = JSON.parse(found.plan) as Plan;
    if (row) {
      const planDiff = await this.planDiff(principal.tenant, runId, found.plan);
      return toGate(row, principal, await this.gates.now(), this.url, ungatedEffects(plan), planDiff);
    }
    throw new DecisionError(gateNodeOf(plan, gate) ? 'GATE_NOT_OPEN' : 'GATE_NOT_FOUND');
  }

  /** A gate can be read and decided also where the planner is busy: then it says that no differences are shown. */
  private async planDiff(tenant: TenantId, runId: RunId, after: string): Promise<GatePlanDiff | null> {
    const earlier = await this.reader.approvedBefore(tenant, runId);
    if (earlier === null) return null;
    const { runId: against, plan: before } = earlier;
    try {
      const diff = JSON.parse(await this.planner.compare(tenant, { before, after })) as PlanDiff;
      return { against, diff, why: null };
    } catch (error) {
      if (error instanceof PlannerError) return { against, diff: null, why: error.code };
      throw error;
    }
  }

  @Get('approvals')
  @Operation({
    id: 'listApprovals',
    summary: 'Open gates of the tenant, newest first',
    scopes: ['packs.approve'],
    limit: 'read',
    query: {
      mine: { description: 'true: those that the caller may decide.', schema: { type: 'boolean', default: false } },
      limit: { description: 'Gates at most.', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
    },
    answers: [{ status: 200, description: 'The gates.', schema: pageOf('Gate'), example: pageExample(EXAMPLES.gate) }],
    codes: [],
  })
  async list(@Caller() { principal }: Caller, @Req() request: Request) {
    const { mine, limit } = readQuery(request, { mine: flag, limit: whole(1, 200) });
    const most = limit ?? 50;
    const rows = await this.gates.open(principal.tenant, mine ? 1_000 : most);
    const now = await this.gates.now();
    const shown = rows.map((row) => toGate(row, principal, now, this.url));
    return { items: (mine ? shown.filter(({ canDecide }) => canDecide) : shown).slice(0, most), nextCursor: null };
  }

  @Post('runs/:runId/approve')
  @Operation({
    id: 'decide',
    summary: 'Decide at a gate',
    description:
      '200 means that it counts, whatever happens later. `receipt` is the signed decision. The same decision again answers with the first record. Actors of the token (`act`, RFC 8693) count as deciders: an initiator among them is refused (`GATE_SELF_APPROVAL`), a program only counts where `approvals.actors` lists it (`GATE_NOT_A_PERSON`).',
    scopes: ['packs.approve'],
    limit: 'decide',
    takesBound: true,
    body: { type: ApproveBody, example: EXAMPLES.approve },
    answers: [{ status: 200, description: 'It counts.', schema: ref('DecisionReceipt'), example: EXAMPLES.receipt }],
    codes: [
      'RUN_NOT_FOUND',
      'RUN_ENDED',
      'PLAN_HASH_MISMATCH',
      'GATE_NOT_FOUND',
      'GATE_NOT_OPEN',
      'GATE_DECIDED',
      'GATE_EXPIRED',
      'GATE_STALE',
      'GATE_SELF_APPROVAL',
      'GATE_GRANT_MISSING',
      'GATE_NOT_A_PERSON',
      'GATE_ALREADY_COUNTED',
      'GATE_REASON_REQUIRED',
      'GATE_RESPONSE_INVALID',
      'GATE_TOKEN_MISMATCH',
      'GATE_AUTH_TOO_OLD',
      'DELEGATION_INVALID',
      'DECISIONS_TOO_MANY',
    ],
  })
  async decide(
    @Caller() { principal, bound }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @JsonBody(ApproveBody) { value }: ReadBody<ApproveBody>,
    @Res() response: Response,
  ) {
    const key = `refused ${principal.tenant} ${principal.iss} ${principal.sub}`;
    const { refusedDecisions } = this.limits.of;
    refuseAfter(this.limiter.peek(key, refusedDecisions, MINUTE_SECONDS));
    try {
      const { state, approvals, required, until, receipt } = await this.decideApproval.decide(
        principal,
        decisionOf(runId, value),
        bound,
      );
      response
        .status(200)
        .json({ gateId: value.gateId, status: state, approvals, required, until: instant(until), receipt });
    } catch (error) {
      if (error instanceof DecisionError) this.limiter.take(key, refusedDecisions, MINUTE_SECONDS);
      throw error;
    }
  }
}

function decisionOf(runId: RunId, body: ApproveBody): Parameters<DecideApproval['decide']>[1] {
  return {
    runId,
    gate: body.gateId,
    decision: body.decision,
    planHash: body.planHash,
    gateDigest: body.gateDigest ?? null,
    reason: body.reason ?? null,
    response: body.response ?? null,
    onBehalfOf: subjectOf(body.onBehalfOf),
    proof: body.proof ?? null,
  };
}

function subjectOf(given: JsonObject | undefined | null): Pick<Principal, 'iss' | 'sub'> | null {
  if (!given) return null;
  const { iss, sub, ...more } = given;
  if (typeof iss === 'string' && typeof sub === 'string' && Object.keys(more).length === 0) return { iss, sub };
  throw new ApiError('REQUEST_INVALID', 'the request has one fault', [
    fault('/onBehalfOf', 'onBehalfOf must be {iss, sub}.'),
  ]);
}
