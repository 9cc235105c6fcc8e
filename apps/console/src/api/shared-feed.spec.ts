import type { Api } from './api';
import { ApiProblem } from './problem';
import type { FeedChange } from './feed';
import { SharedFeed, type Tabs } from './shared-feed';

/** The locks and channels of one browser, which its tabs share. */
function browser(): Tabs {
  const queues = new Map<string, Promise<unknown>>();
  const channels: { readonly name: string; readonly listeners: Set<(event: MessageEvent) => void> }[] = [];
  const request = (name: string, { signal }: LockOptions, work: () => Promise<unknown>): Promise<unknown> => {
    const before = queues.get(name) ?? Promise.resolve();
    const left = new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('left'))));
    const turn = Promise.race([before, left]).then(work);
    queues.set(name, Promise.allSettled([before, turn]));
    return turn;
  };
  return {
    locks: { request } as unknown as Tabs['locks'],
    channel: (name) => {
      const own = { name, listeners: new Set<(event: MessageEvent) => void>() };
      channels.push(own);
      return {
        addEventListener: (_type: string, listener: (event: MessageEvent) => void) => own.listeners.add(listener),
        postMessage: (data: unknown) => {
          for (const other of channels)
            if (other !== own && other.name === name)
              for (const listener of other.listeners) listener({ data } as MessageEvent);
        },
        close: () => own.listeners.clear(),
      } as unknown as BroadcastChannel;
    },
  };
}

/** A feed whose streams stay open and are written to by the test. */
function server() {
  const streams: { readonly after: unknown; readonly write: (position: number) => void; isOpen: boolean }[] = [];
  const api = {
    get: async () => ({ head: 7 }),
    ask: async (_path: string, asking: Parameters<Api['ask']>[1]) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const stream = {
        after: asking?.query?.['after'],
        write: (position: number) => {
          const data = JSON.stringify({ type: 'run.changed', runId: `run_${position}` });
          void writer.write(new TextEncoder().encode(`id: ${position}\ndata: ${data}\n\n`));
        },
        isOpen: true,
      };
      asking?.signal?.addEventListener('abort', () => {
        stream.isOpen = false;
        void writer.abort(new Error('aborted')).catch(() => undefined);
      });
      streams.push(stream);
      return new Response(readable);
    },
  } as unknown as Pick<Api, 'ask' | 'get'>;
  return { api, streams };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function tab(api: Pick<Api, 'ask' | 'get'>, tabs: Tabs) {
  const feed = new SharedFeed(api, tabs);
  const heard: (number | 'again')[] = [];
  feed.subscribe((change: FeedChange) => heard.push(change.kind === 'again' ? 'again' : change.at));
  return { feed, heard };
}

it('has one stream for all tabs, which another tab takes over where the first has left', async () => {
  const { api, streams } = server();
  const tabs = browser();
  const [one, other] = [tab(api, tabs), tab(api, tabs)];
  const leave = one.feed.join('ada');
  const leaveOther = other.feed.join('ada');
  await settled();
  expect(streams.map(({ after, isOpen }) => [after, isOpen])).toEqual([[7, true]]);
  streams[0]?.write(8);
  await settled();
  expect([one.heard, other.heard]).toEqual([[8], [8]]);
  leave();
  await settled();
  expect(streams.map(({ after, isOpen }) => [after, isOpen])).toEqual([
    [7, false],
    [8, true],
  ]);
  streams[1]?.write(9);
  await settled();
  expect([one.heard, other.heard]).toEqual([[8], [8, 9]]);
  leaveOther();
});

it('tells a tab that comes back to read everything again, and people do not share', async () => {
  const { api, streams } = server();
  const tabs = browser();
  const [ada, grace] = [tab(api, tabs), tab(api, tabs)];
  const [leave, leaveGrace] = [ada.feed.join('ada'), grace.feed.join('grace')];
  await settled();
  expect(streams).toHaveLength(2);
  streams[0]?.write(8);
  await settled();
  expect([ada.heard, grace.heard]).toEqual([[8], []]);
  leave();
  const leaveAgain = ada.feed.join('ada');
  expect(ada.heard).toEqual([8, 'again']);
  leaveAgain();
  leaveGrace();
});

it('begins anew where its position is gone', async () => {
  const { api, streams } = server();
  let isGone = true;
  const forgetful = {
    ...api,
    ask: async (...asked: Parameters<Api['ask']>) => {
      if (!isGone) return api.ask(...asked);
      isGone = false;
      throw new ApiProblem(410, 'EVENTS_GONE', 'gone');
    },
  };
  const { feed, heard } = tab(forgetful, browser());
  const leave = feed.join('ada');
  for (let tries = 0; tries < 200 && streams.length === 0; tries++) await settled();
  expect(streams.map(({ after }) => after)).toEqual([7]);
  expect(heard).toEqual(['again']);
  leave();
});
