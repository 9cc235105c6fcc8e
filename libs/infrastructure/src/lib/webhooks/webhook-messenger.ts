import { decideEgress, parseTarget, type EgressRule } from '@taskrunner/core/egress';
import { Messenger, type Message, type Sent } from '@taskrunner/core/ports';
import { Webhook } from 'standardwebhooks';
import type { Agent, Dispatcher } from 'undici';
import { guardedLookup, WayClosed, type Resolver } from './guarded-lookup';

/** An endpoint with its address, secret and egress rule. */
export interface WebhookEndpoint {
  /** Name of its message queue. */
  readonly id: string;
  readonly url: string;
  /** Signing secret: `whsec_` and base64. */
  readonly secret: string;
  /** The only permitted destination. */
  readonly rule: EgressRule;
}

interface MessengerOptions {
  /** Timeout of one attempt, milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch, which receivers compare with their own clock. */
  readonly now: () => number;
  /** Replaces DNS: for tests. */
  readonly resolver?: Resolver;
}

/** An endpoint with its HTTP client. */
interface OpenEndpoint extends WebhookEndpoint {
  readonly signer: Webhook;
  readonly agent: Agent;
}

/** Maximum bytes that are read from a response's body. The content is ignored; reading it keeps the connection reusable. */
const ANSWER_BYTES = 64 * 1024;

/**
 * Sends messages according to the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`
 * (HMAC-SHA-256 over id, timestamp and body). It connects only to the configured host, at addresses that its rule allows. A redirect counts
 * as a refusal.
 */
export class WebhookMessenger extends Messenger {
  private constructor(
    private readonly endpoints: ReadonlyMap<string, OpenEndpoint>,
    private readonly options: MessengerOptions,
  ) {
    super();
  }

  /** Opens a messenger without connecting. The HTTP client is loaded only if there are endpoints. */
  static async open(endpoints: readonly WebhookEndpoint[], options: MessengerOptions): Promise<WebhookMessenger> {
    const opened = endpoints.map(async (endpoint): Promise<[string, OpenEndpoint]> => {
      const { Agent } = await import('undici');
      const lookup = guardedLookup(endpoint.rule, options.resolver);
      const agent = new Agent({ connect: { lookup, timeout: options.timeoutMs }, connections: 16, pipelining: 1 });
      return [endpoint.id, { ...endpoint, signer: new Webhook(endpoint.secret), agent }];
    });
    return new WebhookMessenger(new Map(await Promise.all(opened)), options);
  }

  async send(id: string, { id: messageId, body }: Message): Promise<Sent> {
    const endpoint = this.endpoints.get(id);
    if (!endpoint) return { kind: 'unknown' };
    const target = parseTarget(endpoint.url);
    const decision = target && decideEgress([endpoint.rule], target);
    if (!decision?.allowed) return { kind: 'failed', reason: decision?.code ?? 'EGRESS_HOST_INVALID' };
    const at = new Date(this.options.now());
    try {
      const { request } = await import('undici');
      const answer = await request(endpoint.url, {
        method: 'POST',
        dispatcher: endpoint.agent,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'TaskRunner',
          'webhook-id': messageId,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': endpoint.signer.sign(messageId, at, body),
        },
        body,
        signal: AbortSignal.timeout(this.options.timeoutMs),
      });
      await discard(answer);
      const { statusCode } = answer;
      return statusCode >= 200 && statusCode < 300
        ? { kind: 'taken' }
        : { kind: 'failed', reason: `HTTP ${statusCode}` };
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.endpoints.values()].map(({ agent }) => agent.destroy()));
  }
}

/** Discards the body of a response. The status is sufficient, so a body that is too long or too slow is ignored. */
async function discard({ body }: Dispatcher.ResponseData): Promise<void> {
  await body.dump({ limit: ANSWER_BYTES }).catch(() => undefined);
}

function reasonOf(error: unknown): string {
  if (WayClosed.is(error)) return error.message;
  if (!(error instanceof Error)) return 'the request failed';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
