import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { ApiUnderTest } from './api-under-test';

/** Tests of the end of the service. They stop it, so they must come last. */
export function describeDeparture(api: ApiUnderTest): void {
  const { ask, submit, tokens } = api;

  describe('a service that is told to stop', () => {
    it('fails readiness, answers on, then ends streams with where to go on and lets requests end, for so long', async () => {
      const runId = await submit();
      const authorization = `Bearer ${tokens.get('ada')}`;
      const stream = await fetch(`${api.webservice.url}/api/runs/${runId}/logs`, { headers: { authorization } });
      const { head } = (await ask('ada', 'GET', '/api/events?limit=1')).body;
      const feed = await fetch(`${api.webservice.url}/api/events?after=${head as number}`, {
        headers: { authorization, accept: 'text/event-stream' },
      });
      const poll = ask('ada', 'GET', `/api/runs/${runId}?wait=60s`);
      const content = Buffer.alloc(2_000, 'x');
      const { port } = new URL(api.webservice.url);
      const begin = (): ClientRequest => {
        const upload = request({
          ...{ host: '127.0.0.1', port, method: 'POST', path: '/api/uploads' },
          headers: { authorization, 'content-type': 'application/octet-stream', 'content-length': content.length },
        });
        upload.write(content.subarray(0, 1_000));
        return upload;
      };
      const upload = begin();
      const uploaded = once(upload, 'response') as Promise<[IncomingMessage]>;
      const endless = begin();
      const cut = once(endless, 'error') as Promise<[Error & { code: string }]>;
      await Promise.all([once(upload, 'socket'), once(endless, 'socket')]);

      const stopped = api.webservice.stop();
      expect((await fetch(`${api.webservice.health}/health/live`)).status).toBe(200);
      expect((await fetch(`${api.webservice.health}/health/ready`)).status).toBe(503);
      const { status, headers } = await ask('ada', 'GET', `/api/runs/${runId}`);
      expect([status, headers.get('connection')]).toEqual([200, 'close']);

      expect((await stream.text()).trimEnd().split('\n\n').at(-1)).toMatch(
        /^event: stream\.resume\nid: 0\nretry: \d+\ndata: \{.*"reason":"service-stops","after":0,/,
      );
      expect((await feed.text()).trimEnd().split('\n\n').at(-1)).toMatch(
        /^event: stream\.resume\nid: \d+\nretry: \d+\ndata: \{.*"reason":"service-stops","after":\d+,/,
      );
      expect((await poll).status).toBe(200);
      upload.end(content.subarray(1_000));
      const [response] = await uploaded;
      expect(response.statusCode).toBe(201);
      response.resume();
      const [{ code }] = await cut;
      expect(code).toBe('ECONNRESET');
      await stopped;
      await expect(fetch(`${api.webservice.url}/api/runs/${runId}`)).rejects.toThrow();
    });
  });
}
