import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { Digest, JsonObject, RunId, StepId, TenantId } from '@taskrunner/core/foundation';
import {
  ComparedGates,
  DecideApproval,
  DecisionError,
  explainAbsentGate,
  formOf,
  gatesOf,
  inAuthoredOrder,
  objectionTo,
  overriddenVerdict,
  requestOf,
} from '@taskrunner/core/operations';
import { nodeOf, ungatedEffects, type Plan } from '@taskrunner/core/plan';
import { RunReader, type GatePlace, type GateRow, type StepRow } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Limits, refuseAfter } from '../auth/auth.guard';
import { Caller, callerKey } from '../auth/caller';
import { RateLimiter } from '../auth/rate-limiter';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { PublicUrl } from '../public-url';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { toCursor } from '../requests/paging/cursor';
import { Pages, placeIn } from '../requests/paging/pages';
import { flag, readQuery } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';
import { instant } from '../runs/run-view';
import { ApproveBody } from './approve.body';
import { ApprovedPlans } from './approved-plans';
import { KnownApprovers } from './known-approvers';
import { decidedAt, toGate, toRunGate, toUnopenedGate } from './gate-view';

const MINUTE_SECONDS = 60;
const READ_AT_ONCE = 1_000;
/** Maximum number of open gates that one request searches for those that its caller may decide, or counts. */
const MINE_AT_ONCE = 1_000;
const PAGES = new Pages('gates');

@ApiTags('gates')
@Controller('api')
export class GatesController {
  constructor(
    private readonly decideApproval: DecideApproval,
    private readonly gates: ComparedGates,
    private readonly reader: RunReader,
    private readonly approved: ApprovedPlans,
    private readonly limiter: RateLimiter,
    private readonly limits: Limits,
    private readonly url: PublicUrl,
    private readonly approvers: KnownApprovers,
  ) {}

  @Get('runs/:runId/gates/:gateId')
  @Operation({
    id: 'getGate',
    summary: 'Get a gate and its request',
    description:
      '`gateDigest` is the digest of `request` (RFC 8785). `request` contains the digest of `show`. A client must compute both digests from the content that it displays.',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [{ status: 200, description: 'The gate.', schema: ref('Gate'), example: EXAMPLES.gate }],
    codes: ['RUN_NOT_FOUND', 'GATE_NOT_FOUND', 'GATE_NOT_OPEN'],
  })
  async get(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId, @Param('gateId') gate: string) {
    const { tenant } = principal;
    const found = await this.reader.documents(tenant, runId);
    if (!found) throw runNotFound();
    const row = await this.gates.find(tenant, runId, found, gate);
    if (!row) {
      const steps = { find: (...place: Parameters<ComparedGates['step']>) => this.gates.step(...place) };
      const sources = { reader: this.reader, steps };
      const absence = await explainAbsentGate(sources, tenant, runId, gate, 'GATE_NOT_OPEN');
      throw absence.code === 'RUN_NOT_FOUND' ? runNotFound() : absence;
    }
    const { plan } = found;
    const now = await this.gates.now();
    const planDiff = await this.approved.compare(tenant, runId, decidedAt(row) ?? now, found.texts.plan);
    const form = await this.form(tenant, row, plan);
    const { people } = this.approvers;
    const known = { plan, ungatedEffects: ungatedEffects(plan), planDiff, form, people };
    return toGate(row, principal, now, this.url, known);
  }

  @Get('runs/:runId/gates')
  @Operation({
    id: 'listGates',
    summary: 'List all gates of a run, with status, policy result and decisions',
    description:
      'Gates that the run has reached are sorted by id. Each instance of a map or loop is a separate item. The last page also contains gates of the plan that the run has not reached. ' +
      'Gates with the status `passed`, `denied` or `undecided` were decided by a policy, without people.',
    scopes: ['packs.read'],
    limit: 'read',
    query: PAGES.query,
    answers: [Pages.answer('RunGate', EXAMPLES.runGate)],
    codes: ['RUN_NOT_FOUND'],
  })
  async ofRun(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId, @Req() request: Request) {
    const query = readQuery(request, PAGES.parameters);
    const { tenant } = principal;
    const found = await this.reader.documents(tenant, runId);
    if (!found) throw runNotFound();
    const { plan } = found;
    const limit = PAGES.limitOf(query);
    const list = ['gates', tenant, runId];
    const after = placeIn(query, list);
    const reached = await this.gates.reached(tenant, runId, limit + 1, after);
    const steps = reached.slice(0, limit);
    const names = steps.map(({ step }) => step);
    const rows = new Map((await this.gates.ofSteps(tenant, runId, found, steps)).map((row) => [row.gate, row]));
    const items = steps.map((step): JsonObject => {
      const row = rows.get(step.step);
      return row
        ? toRunGate(runId, row, step, plan, this.url)
        : toUnopenedGate(runId, { gate: step.step, step }, plan, this.url);
    });
    if (reached.length > limit) return { items, nextCursor: toCursor(names.at(-1) ?? '', list) };
    const nodes = new Set((await this.reachedGates(tenant, runId, after, names)).map((name) => nodeOf(name as StepId)));
    const unreached = gatesOf(plan).filter((gate) => !nodes.has(gate));
    const rest = unreached.map((gate) => toUnopenedGate(runId, { gate, step: null }, plan, this.url));
    return { items: [...items, ...rest], nextCursor: null };
  }

  /** All gates up to the last one of the list's last page: `names`, and those of earlier pages. */
  private async reachedGates(
    tenant: TenantId,
    runId: RunId,
    cursor: string | null,
    names: readonly string[],
  ): Promise<readonly string[]> {
    if (cursor === null) return names;
    const all = [...names];
    for (let after: string | null = null; ;) {
      const steps: readonly StepRow[] = await this.gates.reached(tenant, runId, READ_AT_ONCE, after);
      all.push(...steps.map(({ step }) => step));
      if (steps.length < READ_AT_ONCE) return all;
      after = steps.at(-1)?.step ?? null;
    }
  }

  /** The form of a gate in the order of its author; null: it has none. */
  private async form(tenant: TenantId, row: GateRow, plan: Plan): Promise<JsonObject | null> {
    const form = formOf(plan, row.gate, requestOf(row).requirement.formDigest);
    if (form === null) return null;
    const original = await this.reader.original(tenant, row.runId);
    return inAuthoredOrder(form, original?.forms ?? []);
  }

  @Get('approvals')
  @Operation({
    id: 'listApprovals',
    summary: 'List the open gates of the tenant, newest first',
    description:
      'With `mine`, a page can contain fewer gates than `limit`, or none, although more pages follow. Continue while the response has a `nextCursor`.',
    scopes: ['packs.approve'],
    limit: 'read',
    query: {
      mine: {
        description: 'If true, return only gates that the caller may decide.',
        schema: { type: 'boolean', default: false },
      },
      ...PAGES.query,
    },
    answers: [Pages.answer('Gate', EXAMPLES.gate)],
    codes: ['DOCUMENT_ALTERED'],
  })
  async list(@Caller() { principal }: Caller, @Req() request: Request) {
    const query = readQuery(request, { mine: flag, ...PAGES.parameters });
    const { tenant, iss, sub } = principal;
    const limit = PAGES.limitOf(query);
    const mine = query.mine ?? false;
    // What a caller may decide depends on their token and cannot be a filter of the database.
    const list = mine ? ['approvals', tenant, iss, sub] : ['approvals', tenant];
    const place = placeIn(query, list);
    const most = mine ? MINE_AT_ONCE : limit;
    const rows = await this.gates.open(tenant, most + 1, place === null ? null : placeOf(place));
    const read = rows.slice(0, most);
    const now = await this.gates.now();
    const plans = await this.plansOf(tenant, read);
    const items: JsonObject[] = [];
    let last: GateRow | null = null;
    for (const row of read) {
      if (items.length === limit) break;
      last = row;
      const plan = plans.get(row.planHash) ?? null;
      const gate = toGate(row, principal, now, this.url, { plan, people: this.approvers.people });
      if (!mine || gate['canDecide'] === true) items.push(gate);
    }
    if (last === null || last === rows.at(-1)) return { items, nextCursor: null };
    return { items, nextCursor: toCursor(JSON.stringify([last.openedAt, last.runId, last.gate]), list) };
  }

  @Get('approvals/count')
  @Operation({
    id: 'countApprovals',
    summary: 'Count the open gates of the tenant, and those that the caller may decide',
    description: `At most the newest ${MINE_AT_ONCE} open gates are counted. If there are more, \`atLeast\` is true.`,
    scopes: ['packs.approve'],
    limit: 'read',
    answers: [
      { status: 200, description: 'The counts.', schema: ref('ApprovalCounts'), example: EXAMPLES.approvalCounts },
    ],
    codes: ['DOCUMENT_ALTERED'],
  })
  async count(@Caller() { principal }: Caller) {
    const rows = await this.gates.open(principal.tenant, MINE_AT_ONCE + 1, null);
    const counted = rows.slice(0, MINE_AT_ONCE);
    const now = await this.gates.now();
    const mine = counted.filter((row) => objectionTo(principal, row, now) === null);
    return { open: counted.length, mine: mine.length, atLeast: rows.length > counted.length };
  }

  /** Plans of gates whose requests, of earlier versions, do not name the policy that people are asked to override. */
  private async plansOf(tenant: TenantId, rows: readonly GateRow[]): Promise<ReadonlyMap<Digest, Plan>> {
    const plans = new Map<Digest, Plan>();
    for (const row of rows) {
      const { policy } = requestOf(row);
      if (policy === null || overriddenVerdict(row, null) || plans.has(row.planHash)) continue;
      const found = await this.reader.documents(tenant, row.runId);
      if (found) plans.set(row.planHash, found.plan);
    }
    return plans;
  }

  @Post('runs/:runId/approve')
  @Operation({
    id: 'decide',
    summary: 'Decide at a gate',
    description:
      'The status 200 means that the decision counts. Later events do not change this. `receipt` is the signed decision. After too many refused decisions of a person (`http.limits.refusedDecisions`, 10 a minute), every decision of the person gets 429 `RATE_LIMITED` for the time in `Retry-After`, also a valid one. Repeating the same decision returns the first record. Actors of the token (`act`, RFC 8693) are treated as deciders. A decision is refused if an actor is an initiator (`GATE_SELF_APPROVAL`) or a program that `approvals.actors` does not list (`GATE_NOT_A_PERSON`).',
    scopes: ['packs.approve'],
    limit: 'decide',
    takesBound: true,
    body: { type: ApproveBody, example: EXAMPLES.approve },
    answers: [
      { status: 200, description: 'The decision counts.', schema: ref('DecisionReceipt'), example: EXAMPLES.receipt },
    ],
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
      'GATE_NOT_APPROVED',
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
    @JsonBody('decide') { value }: BodyFor<'decide'>,
    @Res() response: Response,
  ) {
    const key = callerKey('refused', principal);
    const { refusedDecisions } = this.limits.of;
    refuseAfter(this.limiter.peek(key, refusedDecisions, MINUTE_SECONDS), 'refusedDecisions', refusedDecisions);
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
      if (DecisionError.is(error)) this.limiter.take(key, refusedDecisions, MINUTE_SECONDS);
      throw error;
    }
  }
}

function placeOf(cursor: string): GatePlace {
  const [openedAt, runId, gate] = JSON.parse(cursor) as [number, RunId, string];
  return { openedAt, runId, gate };
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
    onBehalfOf: body.onBehalfOf ?? null,
    proof: body.proof ?? null,
  };
}
