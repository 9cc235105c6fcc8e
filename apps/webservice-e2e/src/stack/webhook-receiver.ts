import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { pause } from './stack';

/** Shared secret of endpoint and sender. */
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

/** An accepted message. */
interface ReceivedDelivery {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly runId: string; readonly [name: string]: unknown };
}

/** An HTTP server that accepts webhooks with a valid signature and rejects others. */
export interface Receiver {
  readonly url: string;
  /** Number of requests answered with 500. */
  readonly refused: number;
  /** Answers the next requests with 500. */
  failNext(count: number): void;
  /** Messages of a run in the order in which they were accepted. */
  of(run: string): readonly ReceivedDelivery[];
  /** Ids of a run's messages in the order in which they arrived, including rejected ones. */
  ids(run: string): readonly string[];
  /** Waits until a message of this type was accepted. */
  until(run: string, type: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const taken: ReceivedDelivery[] = [];
  const came: { readonly run: string; readonly id: string }[] = [];
  const webhook = new Webhook(WEBHOOK_SECRET);
  let failures = 0;
  let refused = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      let reported: ReceivedDelivery;
      try {
        reported = webhook.verify(body, request.headers as Record<string, string>) as ReceivedDelivery;
      } catch {
        response.writeHead(401).end();
        return;
      }
      came.push({ run: reported.data.runId, id: String(request.headers['webhook-id']) });
      if (failures > 0) {
        failures--;
        refused++;
        response.writeHead(500).end();
        return;
      }
      taken.push(reported);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const of = (run: string): readonly ReceivedDelivery[] => taken.filter(({ data }) => data.runId === run);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    get refused() {
      return refused;
    },
    failNext: (count) => void (failures = count),
    of,
    ids: (run) => came.filter((one) => one.run === run).map(({ id }) => id),
    until: async (run, type) => {
      for (const end = Date.now() + 30_000; !of(run).some((reported) => reported.type === type); await pause(50))
        if (Date.now() > end) throw new Error(`no ${type}: ${JSON.stringify(of(run))}`);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
