import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyDeadline } from './body-deadline';

it('leaves nothing on a connection for the requests that come after', async () => {
  const listeners: number[] = [];
  const watch = bodyDeadline(60_000);
  const server = createServer((incoming, response) => {
    watch(incoming as never, response as never, () => undefined);
    incoming.resume().once('end', () => {
      listeners.push(incoming.socket.listenerCount('close'));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 5; n++) {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', agent, headers: { 'content-length': 2 } });
    sent.flushHeaders();
    setTimeout(() => sent.end('{}'), 5);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
  }
  agent.destroy();
  server.close();
  expect(new Set(listeners).size).toBe(1);
});
