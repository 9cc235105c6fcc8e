import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { type RunId, type StepId, isOver } from '@taskrunner/core/foundation';
import { ComparedRuns, RunSteps } from '@taskrunner/core/operations';
import { graphOf, nodeOf } from '@taskrunner/core/plan';
import { RunReader, type RunSummary } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { HttpSettings } from '../configuration';
import { ApiTags } from '../openapi/described';
import { Operation } from '../openapi/operation';
import { ApiError } from '../problems/problem';
import { readQuery, whole } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { requestInvalid } from '../requests/validated';
import { runNotFound } from '../runs/run-not-found';
import { RunTails } from '../runs/run-tails';
import { EVENT_STREAM, NDJSON, type LogFormat } from './log-format';
import { READ_LOGS } from './log-operation';
import { LogPages, type LogReader } from './log-pages';
import { logParameters, logQueryOf, MOST_LINES, type LogQuery } from './log-query';
import { LogStream } from './log-stream';
import { OpenStreams } from './open-streams';
import { SharedLogs } from './shared-logs';

type StreamQuery = Extract<LogQuery, { kind: 'stream' }>;

/** A response that is a stream, and whose it is. */
interface Streaming {
  readonly request: Request;
  readonly response: Response;
  readonly caller: Caller;
  readonly run: RunSummary;
  readonly format: LogFormat;
}

@ApiTags('runs')
@Controller('api/runs/:runId/logs')
export class LogsController {
  constructor(
    private readonly reader: RunReader,
    private readonly logs: SharedLogs,
    private readonly pages: LogPages,
    private readonly tails: RunTails,
    private readonly streams: OpenStreams,
    private readonly http: HttpSettings,
    private readonly compared: ComparedRuns,
    private readonly steps: RunSteps,
  ) {}

  @Get()
  @Operation(READ_LOGS)
  async read(
    @Caller() caller: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { pageLines } = this.http.logs;
    const query = logQueryOf(readQuery(request, logParameters(pageLines)), pageLines);
    const lastEvent = lastEventOf(request);
    const { tenant } = caller.principal;
    if (query.kind === 'stream') {
      const format = formatOf(request);
      const run = await this.summary(caller, runId);
      await this.refuseUnknownStep(caller, runId, query.filter.step);
      return this.stream({ request, response, caller, run, format }, withLastEvent(query, lastEvent));
    }
    accepts(request, ['application/json']);
    const { lastLine: head } = await this.summary(caller, runId);
    await this.refuseUnknownStep(caller, runId, query.filter.step);
    const reader: LogReader = { tenant, runId, head, isAwaited: () => !response.destroyed };
    response.setHeader('Cache-Control', 'no-store');
    // The answer to HEAD has no content, so nothing is searched for it.
    if (request.method === 'HEAD') response.status(200).type('application/json').end();
    else response.status(200).json(await this.answer(reader, query));
  }

  private answer(reader: LogReader, query: Exclude<LogQuery, StreamQuery>) {
    return query.kind === 'search' ? this.pages.search(reader, query) : this.pages.page(reader, query);
  }

  private async summary({ principal }: Caller, runId: RunId): Promise<RunSummary> {
    const read = await this.reader.summary(principal.tenant, runId);
    // The row says how long the log is, and whether more of it is to come.
    const run = read && (await this.compared.summary(principal.tenant, read));
    if (!run) throw runNotFound();
    await this.compared.compareLines(principal.tenant, run);
    return run;
  }

  /** A step of the plan may have no lines yet, and so may an item of a map that is not known yet. */
  private async refuseUnknownStep({ principal: { tenant } }: Caller, runId: RunId, step: string | null): Promise<void> {
    if (step === null || (await this.steps.find(tenant, runId, step))) return;
    const node: string = nodeOf(step as StepId);
    const found = await this.reader.documents(tenant, runId);
    if (!found || !graphOf(found.plan, '').nodes.some(({ id }) => id === node))
      throw new ApiError('STEP_NOT_FOUND', 'the run has no such step');
  }

  private async stream({ request, response, caller, run, format }: Streaming, query: StreamQuery) {
    const { tail, filter, follow } = query;
    const { tenant } = caller.principal;
    const { runId, lastLine: head } = run;
    if (query.after !== null && isOver(run.status) && query.after >= head) {
      response.status(204).end();
      return;
    }
    const isHead = request.method === 'HEAD';
    const reader: LogReader = { tenant, runId, head, isAwaited: () => !response.destroyed };
    const signal = isHead ? null : this.streams.open(response, caller.principal, caller.expiresAt);
    const begin = tail === null || isHead ? null : await this.pages.tailStart(reader, tail, filter);
    const after = begin?.after ?? query.after ?? 0;
    // An altered line is refused with its code, as long as the stream has not begun.
    if (signal && after < head) await this.logs.chunkAfter(tenant, runId, after);
    response.status(200);
    response.setHeader('Content-Type', `${format.mediaType}; charset=utf-8`);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (!signal) {
      response.end();
      return;
    }
    // A halted run has no end time, so the current time is reported.
    const endedAt = async (): Promise<number> => (await this.reader.summary(tenant, runId))?.finishedAt ?? Date.now();
    const stallMs = this.http.streams.stall;
    const reading = { tenant, runId, after, tail: begin, filter, format, follow, signal, stallMs, endedAt };
    await new LogStream(this.logs, this.tails, response, reading).run();
    response.end();
  }
}

/** A reconnecting browser requests its original address and states what it has read since. */
function withLastEvent(query: StreamQuery, lastEvent: number | null): StreamQuery {
  return lastEvent === null ? query : { ...query, after: lastEvent, tail: null };
}

function lastEventOf(request: Request): number | null {
  const supplied = request.get('last-event-id');
  if (supplied === undefined || supplied === '') return null;
  const number = whole(0, MOST_LINES).read(supplied);
  if (number === null) throw requestInvalid('/Last-Event-ID', 'Last-Event-ID must be a line number.');
  return number;
}

function formatOf(request: Request): LogFormat {
  return accepts(request, [EVENT_STREAM.mediaType, NDJSON.mediaType]) === NDJSON.mediaType ? NDJSON : EVENT_STREAM;
}

/** The accepted type. The guard accepts the types of streams and of pages; this request is answered with one kind of them. */
function accepts(request: Request, types: readonly string[]): string {
  const accepted = request.accepts([...types]);
  if (accepted === false) throw new ApiError('NOT_ACCEPTABLE', `the response is available as ${types.join(' or ')}`);
  return accepted;
}
