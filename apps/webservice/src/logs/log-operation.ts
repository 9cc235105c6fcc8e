import { EXAMPLES } from '../openapi/examples';
import { OF_DOWNLOADS, OF_STREAMS, type OperationFacts } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { EVENT_STREAM, NDJSON } from './log-format';

const line = { type: 'integer', minimum: 0 };

/** The OpenAPI description of the log route. */
export const READ_LOGS: OperationFacts = {
  id: 'readLogs',
  summary: 'Stream, page through, or search the log of a run',
  description:
    '**Stream.** Server-sent events: each `data:` is one JSON line, and `id` is the line number. `Last-Event-ID`, or else `after`, resumes the stream; ' +
    '`Last-Event-ID` replaces `after` and `tail`. The last event is ' +
    '`run.finished`; then the stream ends. If the run has ended and has no further lines, the response is 204. Send `Accept: application/x-ndjson` for NDJSON. ' +
    'If the service stops or the token expires before the run ends, the last event is `stream.resume`: reconnect with `after` after `retryMs` milliseconds ' +
    '(its `retry`). `run.finished`, `stream.resume` and `stream.tail` are no lines: their `id` is `sequence`, the number of the last line before them, which can be a line that a filter ' +
    'hides. A client that reads no data for some time is disconnected. With `tail`, the first event is ' +
    '`stream.tail`: `after` is the number of the line before the tail. `complete` is false if the limits of a request were reached before the ' +
    'requested number of lines was found.\n\n' +
    '**Page.** `before` or `limit` returns a page of lines as JSON. `searchedFrom` and `searchedTo` are the lines that were searched for the page. ' +
    'While `nextCursor` is not null, repeat the request with `cursor` and the same parameters: a request with `before` continues backward, any other forward. ' +
    '`before` = `searchedFrom` and `after` = `searchedTo` continue too.\n\n' +
    '**Search.** `q` returns a page of matching lines as JSON. `total` is the number of matching lines from `searchedFrom` to `searchedTo`. ' +
    'While `nextCursor` is not null, repeat the request with `cursor`: the response has the next matching lines, and `total` increases if ' +
    '`searchedTo` does. `total` is the number of matching lines of the whole log when `searchedTo` equals `lastLine`.\n\n' +
    'One request for a page, a search or a filtered tail searches at most `http.logs.scanLines` lines and about `http.logs.scanBytes` bytes. ' +
    'A filter hides lines, but does not renumber them: a gap in `sequence` shows hidden lines. `missingLines` counts lines that are no longer stored.',
  scopes: ['packs.read'],
  limit: 'stream',
  query: {
    after: {
      description: 'Return only lines after this line number.',
      schema: { ...line, example: 120 },
    },
    before: {
      description: 'Return a page with the last lines before this line number.',
      schema: { type: 'integer', minimum: 1, example: 4_001 },
    },
    tail: {
      description: 'Begin the stream with the last lines, at most this number of lines.',
      schema: { ...line, example: 500 },
    },
    limit: {
      description:
        'Return a page with at most this number of lines. The maximum is `http.logs.pageLines`. A page without `limit` has at most 200 lines.',
      schema: { type: 'integer', minimum: 1, example: 200 },
    },
    q: {
      description:
        'Return only lines whose message contains this text. Upper and lower case are equal (simple case folding of Unicode). All characters are literal.',
      schema: { type: 'string', minLength: 1, maxLength: 256, example: 'connection refused' },
    },
    cursor: {
      description:
        'Return the page after the one with this `nextCursor`. Requires the same parameters; only `limit` may change.',
      schema: { type: 'string' },
    },
    step: {
      description:
        'Return only lines of this step and its child steps. A step that the run does not have gets 404 `STEP_NOT_FOUND`.',
      schema: { type: 'string', example: 'scan' },
    },
    attempt: {
      description:
        'Return only lines of this attempt of the step, or of this attempt of each child step. Requires `step`. Lines that were written before ' +
        'attempts were recorded have no `attempt` and are not returned.',
      schema: { type: 'integer', minimum: 1, example: 2 },
    },
    level: {
      description: 'Return only lines of this level or higher.',
      schema: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
    },
    follow: {
      description:
        'If false, return the existing lines and end the stream; if the run continues, there is no event behind the last line. Without it, the stream follows the run.',
      schema: { type: 'boolean' },
    },
  },
  headers: { 'Last-Event-ID': 'Number of the last line that was received. Browsers send it automatically.' },
  answers: [
    {
      status: 200,
      description:
        'The log: a stream, or a page as JSON. In `text/event-stream`, the `data` of each event is one JSON text of the schema; the events `stream.resume` and `stream.tail` have their name in `event`. In NDJSON, each line is one.',
      schema: ref('LogEvent'),
      headers: OF_STREAMS,
      mediaType: [EVENT_STREAM.mediaType, NDJSON.mediaType],
      example: EXAMPLES.line,
      others: [{ mediaType: 'application/json', schema: ref('LogPage'), example: EXAMPLES.logPage }],
    },
    { status: 204, description: 'The run has ended, and there are no further lines.', schema: null },
  ],
  codes: ['RUN_NOT_FOUND', 'STEP_NOT_FOUND', 'STREAMS_TOO_MANY', ...OF_DOWNLOADS],
};
