import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RunReader, type RunId } from '@taskrunner/core';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { HttpSettings } from '../configuration';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { flag, oneOf, readQuery, text, whole } from '../requests/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { fault } from '../requests/validated';
import { runNotFound } from '../runs/run-not-found';
import { hasEnded, RunTails } from '../runs/run-tails';
import { EVENT_STREAM, NDJSON } from './log-format';
import { LogStream } from './log-stream';
import { OpenStreams } from './open-streams';
import { SharedLogs } from './shared-logs';

const MOST_LINES = 999_999_999_999;

@ApiTags('runs')
@Controller('api/runs/:runId/logs')
export class LogsController {
  constructor(
    private readonly reader: RunReader,
    private readonly logs: SharedLogs,
    private readonly tails: RunTails,
    private readonly streams: OpenStreams,
    private readonly http: HttpSettings,
  ) {}

  @Get()
  @Operation({
    id: 'readLogs',
    summary: 'The log of a run: what there is, then what comes',
    description:
      'Server-sent events, one JSON line per `data:`, `id` is the line number; `Last-Event-ID`, else `after`, resumes. The last event is ' +
      '`run.finished`, then the stream ends; at or past the end of an ended run the answer is 204. NDJSON by `Accept: application/x-ndjson`. ' +
      'Where the service stops or the token ends before the run does, the last event is `stream.resume`: come again with `after` (the `id` of the ' +
      'event), after `retryMs` milliseconds (its `retry`). The stream of a reader that takes nothing for a while is cut off.',
    scopes: ['packs.read'],
    limit: 'stream',
    query: {
      after: { description: 'Lines after this number.', schema: { type: 'integer', minimum: 0 } },
      step: { description: 'Lines of this step and of those below it.', schema: { type: 'string' } },
      level: {
        description: 'Lines of this level and above.',
        schema: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
      },
      follow: { description: 'false: what there is, and no more.', schema: { type: 'boolean', default: true } },
    },
    headers: { 'Last-Event-ID': 'The number of the last line that was read; browsers send it by themselves.' },
    answers: [
      {
        status: 200,
        description: 'The lines.',
        schema: ref('LogLine'),
        mediaType: [EVENT_STREAM.mediaType, NDJSON.mediaType],
        example: EXAMPLES.line,
      },
      { status: 204, description: 'The run has ended and there are no further lines.', schema: null },
    ],
    codes: ['RUN_NOT_FOUND'],
  })
  async read(
    @Caller() { principal, expiresAt }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const query = readQuery(request, {
      after: whole(0, MOST_LINES),
      step: text,
      level: oneOf('trace', 'debug', 'info', 'warn', 'error'),
      follow: flag,
    });
    // A browser that comes again asks for the address that it began with, and says what it has read since.
    const supplied = lastEventOf(request) ?? query.after;
    const { tenant } = principal;
    const run = await this.reader.summary(tenant, runId);
    if (!run) throw runNotFound();
    if (supplied !== null && hasEnded(run.status) && supplied >= run.lastLine) {
      response.status(204).end();
      return;
    }
    const format =
      request.accepts([EVENT_STREAM.mediaType, NDJSON.mediaType]) === NDJSON.mediaType ? NDJSON : EVENT_STREAM;
    response.status(200);
    response.setHeader('Content-Type', `${format.mediaType}; charset=utf-8`);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const signal = this.streams.signalFor(response, expiresAt);
    const filter = { step: query.step, level: query.level };
    // A run that was halted has no end yet: then it is when this is told.
    const endedAt = async (): Promise<number> => (await this.reader.summary(tenant, runId))?.finishedAt ?? Date.now();
    const [after, follow] = [supplied ?? 0, query.follow ?? true];
    const reading = { tenant, runId, after, filter, format, follow, signal, stallMs: this.http.streams.stall, endedAt };
    await new LogStream(this.logs, this.tails, response, reading).run();
    response.end();
  }
}

function lastEventOf(request: Request): number | null {
  const supplied = request.get('last-event-id');
  if (supplied === undefined || supplied === '') return null;
  const number = whole(0, MOST_LINES).read(supplied);
  if (number === null)
    throw new ApiError('REQUEST_INVALID', 'the request has one fault', [
      fault('/Last-Event-ID', 'Last-Event-ID must be a line number.'),
    ]);
  return number;
}
