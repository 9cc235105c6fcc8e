import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Responds to one request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A request that the server has received. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on loopback that responds according to a script. It can behave as a real TaskRunner server cannot be made to. */
export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Replaces the script. */
  answer(...answers: readonly Answer[]): void;
  stop(): Promise<void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  let script: Answer[] = [];
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body: await text(request) });
      const next = script.shift();
      if (next === undefined) response.writeHead(418).end(`nothing is scripted for ${method} ${url}`);
      else next(response, request);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer(...answers) {
      script = [...answers];
      received.length = 0;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A response with a JSON body. */
export function json(status: number, body: unknown, type = 'application/json'): Answer {
  return (response) => response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}
