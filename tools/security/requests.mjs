// The HTTP client of every part: unparsed responses, over a few persistent connections.
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const AT_ONCE = 6;
const PATIENCE_MS = 20_000;
/** Number of attempts after which a 503 is taken as the response. */
const ATTEMPTS = 5;
const BUSY_MS = 1_000;
/** Parts that differ between responses and carry no information. */
const UNSAID = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding']);

/** Client of one server. `count`: number of requests. */
export class Server {
  count = 0;
  #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  constructor(url) {
    this.url = new URL(url);
  }

  /**
   * Resolves to `{status, headers, text}`. A stream counts as answered when it has begun; its text is empty. A busy response (503) is
   * retried, because it does not depend on the request.
   */
  async ask(asked) {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(asked);
      if (answer.status !== 503 || attempt === ATTEMPTS) return answer;
      await setTimeout(BUSY_MS);
    }
  }

  #ask({ method = 'GET', path, token = null, headers = {}, body }) {
    this.count++;
    const bytes = body === undefined ? null : Buffer.from(body);
    const options = {
      host: this.url.hostname,
      port: this.url.port,
      method,
      path,
      agent: this.#agent,
      timeout: PATIENCE_MS,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(bytes === null ? {} : { 'content-length': bytes.length }),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        const { statusCode: status, headers: all } = response;
        const said = Object.fromEntries(Object.entries(all).filter(([name]) => !UNSAID.has(name)));
        const done = (text) => resolve({ status, headers: said, text });
        if (said['content-type']?.startsWith('text/event-stream')) {
          response.on('error', () => undefined);
          response.destroy();
          return done('');
        }
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('end', () => done(Buffer.concat(pieces).toString('latin1')));
        response.on('error', reject);
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${PATIENCE_MS} ms: ${method} ${path}`)));
      asked.on('error', reject);
      asked.end(bytes ?? undefined);
    });
  }

  /** Like `ask`, but sends JSON or `bytes`, and parses JSON. Throws for error responses. */
  async json(asked) {
    const { body, bytes, ...rest } = asked;
    const sent = bytes !== undefined ? { body: bytes } : body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...rest.headers };
    const answer = await this.ask({ ...rest, ...sent, headers });
    if (answer.status >= 300) throw new Error(`${rest.method ?? 'GET'} ${rest.path}: ${answer.status} ${answer.text}`);
    return answer.text === '' ? null : JSON.parse(Buffer.from(answer.text, 'latin1').toString());
  }

  close() {
    this.#agent.destroy();
  }
}

/** Runs a function for each item, a few concurrently. */
export async function each(items, does) {
  const queue = items[Symbol.iterator]();
  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await does(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** The code of a problem; null if the response is not one. */
export function codeOf({ text }) {
  return /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? null;
}
