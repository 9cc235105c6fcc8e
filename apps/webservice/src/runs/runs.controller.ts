import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { extended, type RunId, type TenantId } from '@taskrunner/core/foundation';
import {
  CancelRun,
  ComparedRuns,
  SubmitRun,
  SubmitRunError,
  toSuppliedInputs,
  type Submitted,
} from '@taskrunner/core/operations';
import { RunReader, type RunSummary } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { OpenStreams } from '../logs/open-streams';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { IF_NONE_MATCH, NOT_MODIFIED, OF_UPLOADED_PACKS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { INTAKE_CODES, PackIntake, PLANNER_CODES, TRUST_CODES } from '../packs/pack-intake';
import { PublicUrl } from '../public-url';
import { isKnown } from '../requests/entity-tag';
import { idempotencyOf } from '../requests/idempotency-key';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { oneOf, readQuery, seconds } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { CancelRunBody } from './cancel-run.body';
import { runNotFound } from './run-not-found';
import { RunTails } from './run-tails';
import { runTag, toRun } from './run-view';
import { SubmitRunBody } from './submit-run.body';
import { waitForRun } from './wait-for-run';

const MOST_WAIT_SECONDS = 60;
const ROUTE = 'POST /api/runs';

@ApiTags('runs')
@Controller('api/runs')
export class RunsController {
  constructor(
    private readonly submitRun: SubmitRun,
    private readonly cancelRun: CancelRun,
    private readonly reader: RunReader,
    private readonly compared: ComparedRuns,
    private readonly tails: RunTails,
    private readonly streams: OpenStreams,
    private readonly url: PublicUrl,
    private readonly intake: PackIntake,
  ) {}

  @Post()
  @Operation({
    id: 'submitRun',
    summary: 'Submit a run',
    description:
      'Plans the pack and starts the run. All errors in the pack and its inputs are reported together, with positions. With `planHash`, the run starts only if the plan has that hash. The operator configures which publishers must have signed a pack.',
    scopes: ['packs.run'],
    limit: 'submit',
    body: { type: SubmitRunBody, example: EXAMPLES.submission },
    headers: {
      'Idempotency-Key':
        '1 to 255 visible ASCII characters. Unique for each person and route, and kept for 7 days. A request whose body has the same JSON value returns the first run; spaces and the order of members do not count.',
    },
    answers: [
      {
        status: 201,
        description: 'The run was accepted.',
        schema: ref('Run'),
        example: EXAMPLES.run,
        headers: { Location: 'The run.' },
      },
      {
        status: 200,
        description: 'The request was accepted earlier. The response contains the run that it created.',
        schema: ref('Run'),
        example: EXAMPLES.run,
        headers: { 'Idempotency-Replayed': 'The value `true`.', ETag: 'Version of the run.' },
      },
    ],
    codes: [
      'PACK_INVALID',
      'PLAN_INVALID',
      'SEALED_UNENFORCEABLE',
      'PLAN_HASH_MISMATCH',
      'DOCUMENT_ALTERED',
      'IDEMPOTENCY_KEY_REUSED',
      'IDEMPOTENCY_RUN_GONE',
      'CONCURRENCY_GROUP_HELD',
      'OBJECT_TOO_LARGE',
      ...PLANNER_CODES,
      ...INTAKE_CODES,
      ...TRUST_CODES,
      ...OF_UPLOADED_PACKS,
    ],
  })
  async submit(
    @Caller() { principal }: Caller,
    @JsonBody('submitRun') body: BodyFor<'submitRun'>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { value } = body;
    const idempotency = idempotencyOf(request, ROUTE, body);
    let submitted: Submitted;
    try {
      const taken = await this.intake.take(principal.tenant, value.pack);
      const submission = extended(taken, {
        inputs: toSuppliedInputs(value.inputs),
        planHash: value.planHash ?? null,
        receipt: value.receipt ?? null,
        labels: value.labels ?? {},
        idempotency,
      });
      submitted = await this.submitRun.submit(principal, submission);
    } catch (error) {
      // Uploads expire before keys do, and the workers that can seal change.
      const before = idempotency && mayHavePassed(error) ? await this.submitRun.replay(principal, idempotency) : null;
      if (before === null) throw error;
      submitted = before;
    }
    const { runId, run, replayed } = submitted;
    if (!replayed) {
      response.status(201).setHeader('Location', this.url.run(runId)).json(toRun(run, this.url));
      return;
    }
    response.setHeader('Idempotency-Replayed', 'true');
    await this.answer(response, principal.tenant, 200, run);
  }

  @Get(':runId')
  @Operation({
    id: 'getRun',
    summary: 'Get a run, or wait until it ends, requires manual action or changes',
    description:
      'With `wait`, the response is sent when the event of `for` has occurred or the time is over: compare `status`. With `If-None-Match`, `for=change` waits for another version than that one, and a response without a change is 304.',
    scopes: ['packs.read'],
    limit: 'read',
    query: {
      wait: {
        description: 'Maximum time to wait in seconds, such as `30s` or `30`. The limit is 60s.',
        schema: { type: 'string', pattern: '^\\d{1,4}s?$', examples: ['30s'] },
      },
      for: {
        description: 'Event to wait for.',
        schema: { type: 'string', enum: ['end', 'attention', 'change'], default: 'end' },
      },
    },
    headers: IF_NONE_MATCH,
    answers: [
      {
        status: 200,
        description: 'The run.',
        schema: ref('Run'),
        example: EXAMPLES.run,
        headers: { ETag: 'Version of the run.' },
      },
      NOT_MODIFIED,
    ],
    codes: ['RUN_NOT_FOUND'],
  })
  async get(
    @Caller() { principal, expiresAt }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const query = readQuery(request, { wait: seconds(MOST_WAIT_SECONDS), for: oneOf('end', 'attention', 'change') });
    let run = await this.reader.summary(principal.tenant, runId);
    if (!run) throw runNotFound();
    const tag = request.get('if-none-match');
    const known = tag === undefined || isKnown(request, runTag(run)) ? run.version : -1;
    if (query.wait !== null) {
      const signal = this.streams.signalFor(response, expiresAt);
      const what = query.for ?? 'end';
      run = await waitForRun(this.reader, this.tails, {
        tenant: principal.tenant,
        runId,
        what,
        known,
        timeoutMs: query.wait,
        signal,
      });
      if (!run) throw runNotFound();
    }
    if (tag !== undefined && run.version === known) {
      response.status(304).setHeader('ETag', runTag(run)).end();
      return;
    }
    await this.answer(response, principal.tenant, 200, run);
  }

  @Post(':runId/cancel')
  @Operation({
    id: 'cancelRun',
    summary: 'Cancel a run',
    description:
      'Initiators of the run and administrators can cancel it. Running steps are stopped. Then cleanup steps run.',
    scopes: ['packs.run', 'packs.admin'],
    limit: 'submit',
    body: { type: CancelRunBody, example: { reason: 'wrong target' }, isOptional: true },
    answers: [
      {
        status: 202,
        description: 'The run is being cancelled.',
        schema: ref('Run'),
        example: EXAMPLES.cancelledRun,
        headers: { ETag: 'Version of the run.' },
      },
      {
        status: 200,
        description: 'The run had already ended.',
        schema: ref('Run'),
        example: { ...EXAMPLES.run, status: 'succeeded' },
        headers: { ETag: 'Version of the run.' },
      },
    ],
    codes: ['RUN_NOT_FOUND', 'RUN_NOT_YOURS', 'INBOX_FULL'],
  })
  async cancel(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @JsonBody('cancelRun') { value }: BodyFor<'cancelRun'>,
    @Res() response: Response,
  ) {
    const outcome = await this.cancelRun.cancel(principal, runId, {
      reason: value.reason ?? 'no reason was given',
      force: value.force ?? false,
    });
    const run = await this.reader.summary(principal.tenant, runId);
    if (!run) throw runNotFound();
    await this.answer(response, principal.tenant, outcome === 'accepted' ? 202 : 200, run);
  }

  private async answer(response: Response, tenant: TenantId, status: number, read: RunSummary): Promise<void> {
    const run = await this.compared.summary(tenant, read);
    if (!run) throw runNotFound();
    response.status(status).setHeader('ETag', runTag(run)).json(toRun(run, this.url));
  }
}

/** True for errors that would not have occurred when the same request was first made. */
function mayHavePassed(error: unknown): boolean {
  if (!SubmitRunError.is(error)) return false;
  if (error.code === 'UPLOAD_MISSING' || error.code === 'SEALED_UNENFORCEABLE') return true;
  return error.faults.some(({ code }) => code === 'INPUT_UPLOAD_MISSING');
}
