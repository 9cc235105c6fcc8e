import { Controller, Get, Req, Res } from '@nestjs/common';
import { EventFeed } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { HttpSettings } from '../configuration';
import { EVENT_STREAM } from '../logs/log-format';
import { OpenStreams } from '../logs/open-streams';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { OF_STREAMS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { readQuery, whole } from '../requests/paging/query';
import { requestInvalid } from '../requests/validated';
import { EventStream } from './event-stream';
import { toFeedEvent } from './event-view';
import { FeedHeads } from './feed-heads';

const POSITION = whole(0, 999_999_999_999_999);
const MOST = 1_000;
const USUAL = 200;
const JSON_TYPE = 'application/json';

@ApiTags('events')
@Controller('api/events')
export class EventsController {
  constructor(
    private readonly feed: EventFeed,
    private readonly heads: FeedHeads,
    private readonly streams: OpenStreams,
    private readonly http: HttpSettings,
  ) {}

  @Get()
  @Operation({
    id: 'readEvents',
    summary: 'Read the events of the tenant: a page, or a stream with `Accept: text/event-stream`',
    description:
      'Positions have no gaps: no event appears below a position that was served. Continue with `after` = `next` of the page, or the `id` of the last server-sent event; `Last-Event-ID` takes precedence over `after`. Without either, the response begins with the oldest stored event. Events are kept for `retention.events` (7 days). A position that is older, or that was never issued, gets 410 `EVENTS_GONE`. In that case, read the lists again, then continue after the `head` of a page. Events of one run are in the order in which they happened. A stream sends a comment when it is quiet. If the service stops or the token expires, its last event is `stream.resume`: reconnect after `retryMs` milliseconds (its `retry`). A client that reads no data for some time is disconnected.',
    scopes: ['packs.read'],
    limit: 'stream',
    query: {
      after: { description: 'Return only events after this position.', schema: { type: 'integer', minimum: 0 } },
      limit: {
        description: 'Maximum number of events on a page. A stream has no limit.',
        schema: { type: 'integer', minimum: 1, maximum: MOST, default: USUAL },
      },
    },
    headers: { 'Last-Event-ID': 'Position of the last event that was received. Browsers send it automatically.' },
    answers: [
      {
        status: 200,
        description:
          'A page of events, or a stream. In a stream, the `data` of each event is one JSON text of the schema; the event `stream.resume` has its name in `event`.',
        schema: ref('FeedPage'),
        mediaType: JSON_TYPE,
        example: EXAMPLES.feedPage,
        headers: OF_STREAMS,
        others: [{ mediaType: EVENT_STREAM.mediaType, schema: ref('FeedStreamEvent'), example: EXAMPLES.feedEvent }],
      },
    ],
    codes: ['EVENTS_GONE', 'STREAMS_TOO_MANY'],
  })
  async read(@Caller() { principal, expiresAt }: Caller, @Req() request: Request, @Res() response: Response) {
    const query = readQuery(request, { after: POSITION, limit: whole(1, MOST) });
    // A reconnecting browser requests its original address and states what it has read since.
    const after = lastEventOf(request) ?? query.after;
    const { tenant } = principal;
    const isStream = request.accepts([JSON_TYPE, EVENT_STREAM.mediaType]) === EVENT_STREAM.mediaType;
    const page = await this.feed.after(tenant, after, isStream ? 0 : (query.limit ?? USUAL));
    const { oldest, head } = page;
    if (page.kind === 'gone')
      throw new ApiError('EVENTS_GONE', `events are kept after position ${oldest}, and the last position is ${head}`);
    response.setHeader('Cache-Control', 'no-store');
    if (!isStream) {
      const { events } = page;
      const next = events.at(-1)?.position ?? after ?? oldest;
      response.status(200).json({ items: events.map(toFeedEvent), next, head, oldest });
      return;
    }
    const isHead = request.method === 'HEAD';
    const signal = isHead ? null : this.streams.open(response, principal, expiresAt);
    response.status(200);
    response.setHeader('Content-Type', `${EVENT_STREAM.mediaType}; charset=utf-8`);
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (signal) {
      const reading = { tenant, after: after ?? oldest, signal, stallMs: this.http.streams.stall };
      await new EventStream(this.feed, this.heads, response, reading).run();
    }
    response.end();
  }
}

function lastEventOf(request: Request): number | null {
  const supplied = request.get('last-event-id');
  if (supplied === undefined || supplied === '') return null;
  const position = POSITION.read(supplied);
  if (position === null) throw requestInvalid('/Last-Event-ID', 'Last-Event-ID must be a position.');
  return position;
}
