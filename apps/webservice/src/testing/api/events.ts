import type { JsonObject } from '@taskrunner/core/foundation';
import type { ApiUnderTest } from './api-under-test';

/** Tests of the event feed of a tenant. */
export function describeEventFeed(api: ApiUnderTest): void {
  const { ask, submit, promised, tokens, validators } = api;

  describe('the feed of events', () => {
    interface Page {
      readonly items: readonly { readonly position: number; readonly type: string; readonly runId: string }[];
      readonly next: number;
      readonly head: number;
    }
    const page = async (login: string, query = '') =>
      (await promised('FeedPage', login, 'GET', `/api/events${query}`)).body as unknown as Page;
    const headOf = async (login: string) => (await page(login, '?limit=1')).head;

    it('is read in pages, of the own tenant alone', async () => {
      const before = await headOf('ada');
      const theirs = await headOf('mallory');
      const runId = await submit();
      const first = await page('ada', `?after=${before}&limit=1`);
      expect(first.items).toMatchObject([{ position: before + 1, type: 'run.created', runId, status: 'queued' }]);
      await ask('ada', 'POST', `/api/runs/${runId}/cancel`, { reason: 'no' });
      const rest = await page('ada', `?after=${first.next}`);
      expect(rest.items).toMatchObject([{ position: before + 2, type: 'run.changed', runId, status: 'cancelling' }]);
      expect(await page('ada', `?after=${rest.next}`)).toMatchObject({ items: [], next: rest.next, head: rest.head });
      expect(await headOf('mallory')).toBe(theirs);
      const gone = await ask('ada', 'GET', `/api/events?after=${rest.head + 1}`);
      expect([gone.status, gone.body['code']]).toEqual([410, 'EVENTS_GONE']);
      const wrong = await ask('ada', 'GET', '/api/events', undefined, { 'Last-Event-ID': 'x' });
      expect([wrong.status, wrong.body['code']]).toEqual([422, 'REQUEST_INVALID']);
    });

    it('is a stream that goes on where a reader was', async () => {
      const before = await headOf('ada');
      const [one, two] = [await submit(), await submit()];
      const read = async (
        after: number,
        lastEventId: string | null,
        wanted: number,
        between?: () => Promise<unknown>,
      ) => {
        const abort = new AbortController();
        const response = await fetch(`${api.webservice.url}/api/events?after=${after}`, {
          headers: {
            authorization: `Bearer ${tokens.get('ada')}`,
            accept: 'text/event-stream',
            ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
          },
          signal: abort.signal,
        });
        expect(response.headers.get('content-type')).toContain('text/event-stream');
        let text = '';
        const events = () =>
          [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, data]) => {
            const event = JSON.parse(data ?? '') as JsonObject;
            expect([Number(id), validators.get('FeedStreamEvent')?.(event)]).toEqual([event['position'], true]);
            return event;
          });
        let isAsked = false;
        for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
          text += Buffer.from(piece).toString();
          if (events().length >= wanted) break;
          if (between && !isAsked) await between();
          isAsked = true;
        }
        abort.abort();
        return events();
      };
      expect((await read(before, null, 2)).map((event) => event['runId'])).toEqual([one, two]);
      // What was received last wins over the address.
      expect((await read(before, String(before + 1), 1)).map((event) => event['runId'])).toEqual([two]);
      let later = '';
      const followed = await read(before + 2, null, 1, async () => (later = await submit()));
      expect(followed).toMatchObject([{ position: before + 3, type: 'run.created', runId: later }]);
      const gone = await ask('ada', 'GET', `/api/events?after=${before + 9_999}`, undefined, {
        accept: 'text/event-stream',
      });
      expect([gone.status, gone.body['code']]).toEqual([410, 'EVENTS_GONE']);
    });
  });
}
