import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseRule, type EgressRule } from '@taskrunner/core/egress';
import type { Sent } from '@taskrunner/core/ports';
import { Webhook } from 'standardwebhooks';
import { WebhookMessenger } from './webhook-messenger';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const BODY = '{"type":"gate.opened","timestamp":"2026-01-01T00:00:00.000Z","data":{"tenant":"acme"}}';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let port: number;
let received: Received[];
let answer: (response: ServerResponse) => void;
const messengers: WebhookMessenger[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
beforeEach(() => {
  received = [];
  answer = (response) => response.writeHead(204).end();
});
afterEach(async () => {
  for (const messenger of messengers.splice(0)) await messenger.close();
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Way {
  readonly cidr?: string | null;
  readonly rule?: EgressRule | null;
  /** Addresses to which names resolve. */
  readonly addresses?: readonly string[];
  readonly timeoutMs?: number;
}

/** Sends one message to an endpoint with this URL and rule. */
async function send(url: string, way: Way = {}): Promise<Sent> {
  const { cidr = '127.0.0.0/8', rule = null, addresses = ['127.0.0.1'], timeoutMs = 5_000 } = way;
  const own = rule ?? parseRule(/^https?:\/\/[^/]+/.exec(url)?.[0] ?? '', cidr ?? undefined);
  if (!own) throw new Error('no rule');
  const messenger = await WebhookMessenger.open([{ id: 'hook', url, secret: SECRET, rule: own }], {
    timeoutMs,
    now: () => Date.now(),
    resolver: (_host, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
  });
  messengers.push(messenger);
  return messenger.send('hook', { id: 'msg_1', body: BODY });
}

describe('a webhook', () => {
  it('gets a message that Standard Webhooks verify, and only with the right secret', async () => {
    expect(await send(`http://127.0.0.1:${port}/hook?x=1`)).toEqual({ kind: 'taken' });
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const signed = headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(body, signed)).toEqual(JSON.parse(BODY));
    expect(headers).toMatchObject({ 'webhook-id': 'msg_1', 'content-type': 'application/json' });
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect(() => new Webhook(other).verify(body, signed)).toThrow();
    expect(() => new Webhook(SECRET).verify(body.replace('acme', 'evil'), signed)).toThrow();
  });

  it.each([
    [200, 'taken'],
    [202, 'taken'],
    [301, 'failed'],
    [400, 'failed'],
    [410, 'failed'],
    [500, 'failed'],
  ])('that answers %i has %s it', async (status, kind) => {
    answer = (response) => response.writeHead(status).end('what');
    expect((await send(`http://127.0.0.1:${port}/`)).kind).toBe(kind);
  });

  it('is not followed elsewhere', async () => {
    answer = (response) => response.writeHead(307, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'failed', reason: 'HTTP 307' });
    expect(received).toHaveLength(1);
  });

  it('that does not answer in time has not taken it', async () => {
    answer = () => undefined;
    expect((await send(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })).kind).toBe('failed');
  });

  it('that answers without end has taken it', async () => {
    answer = (response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write('x'.repeat(16_384)), 1);
      response.on('close', () => clearInterval(more));
    };
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'taken' });
  });

  it('that is not configured any more is unknown', async () => {
    const messenger = await WebhookMessenger.open([], { timeoutMs: 1_000, now: () => 0 });
    expect(await messenger.send('gone', { id: 'm', body: '{}' })).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['a private address', '10.0.0.1'],
    ['loopback', '127.0.0.1'],
    ['loopback, mapped', '[::ffff:127.0.0.1]'],
    ['the metadata service', '169.254.169.254'],
    ['a name of loopback', 'localhost'],
  ])('is refused at %s where no block is pinned', async (_, host) => {
    const rule = { scheme: 'http', host: '*', port: '*' } as const;
    expect(await send(`http://${host}:${port}/`, { rule })).toEqual({
      kind: 'failed',
      reason: 'EGRESS_SPECIAL_ADDRESS',
    });
    expect(received).toEqual([]);
  });

  it('is refused where its name resolves to a private address only', async () => {
    const sent = await send(`http://hooks.test:${port}/`, { cidr: null });
    expect(sent).toMatchObject({ kind: 'failed', reason: expect.stringContaining('EGRESS_SPECIAL_ADDRESS') });
    expect(received).toEqual([]);
  });

  it('is reached by name within a pinned block, past addresses outside of it', async () => {
    expect(await send(`http://hooks.test:${port}/`, { addresses: ['10.0.0.9', '127.0.0.1'] })).toEqual({
      kind: 'taken',
    });
    expect(await send(`http://hooks.test:${port}/`, { cidr: '10.0.0.0/8' })).toMatchObject({ kind: 'failed' });
    expect(received).toHaveLength(1);
  });
});
