import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type RunId, isOver } from '@taskrunner/core/foundation';
import { RunReader } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { HttpSettings } from '../configuration';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { flag, oneOf, readQuery, text, whole } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { requestInvalid } from '../requests/validated';
import { runNotFound } from '../runs/run-not-found';
import { RunTails } from '../runs/run-tails';
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
    summary: 'Stream the log of a run',
    description:
      'Server-sent events: each `data:` is one JSON line, and `id` is the line number. `Last-Event-ID`, or else `after`, resumes the stream. The last event is ' +
      '`run.finished`; then the stream ends. If the run has ended and has no further lines, the response is 204. Send `Accept: application/x-ndjson` for NDJSON. ' +
      'If the service stops or the token expires before the run ends, the last event is `stream.resume`: reconnect with `after` (the `id` of the ' +
      'event) after `retryMs` milliseconds (its `retry`). A client that reads no data for some time is disconnected.',
    scopes: ['packs.read'],
    limit: 'stream',
    query: {
      after: { description: 'Return only lines after this line number.', schema: { type: 'integer', minimum: 0 } },
      step: { description: 'Return only lines of this step and its child steps.', schema: { type: 'string' } },
      level: {
        description: 'Return only lines of this level or higher.',
        schema: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
      },
      follow: {
        description: 'If false, return the existing lines and end the stream.',
        schema: { type: 'boolean', default: true },
      },
    },
    headers: { 'Last-Event-ID': 'Number of the last line that was received. Browsers send it automatically.' },
    answers: [
      {
        status: 200,
        description: 'The log lines.',
        schema: ref('LogLine'),
        mediaType: [EVENT_STREAM.mediaType, NDJSON.mediaType],
        example: EXAMPLES.line,
      },
      { status: 204, description: 'The run has ended, and there are no further lines.', schema: null },
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
    // A reconnecting browser requests its original address and states what it has read since.
    const supplied = lastEventOf(request) ?? query.after;
    const { tenant } = principal;
    const run = await this.reader.summary(tenant, runId);
    if (!run) throw runNotFound();
    if (supplied !== null && isOver(run.status) && supplied >= run.lastLine) {
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
    // A halted run has no end time, so the current time is reported.
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
  if (number === null) throw requestInvalid('/Last-Event-ID', 'Last-Event-ID must be a line number.');
  return number;
}
