import type { TaskRunnerClient } from '@taskrunner/client';
import { answeredClient, OpenStream, queryOf } from '../testing/answered-client';
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
function server(answer: (stream: OpenStream) => Response = ({ response }) => response) {
  const streams: OpenStream[] = [];
  const client = answeredClient((request) => {
    if (queryOf(request)['limit'] === '1') return Response.json({ items: [], head: 7, next: 7 });
    const stream = new OpenStream(request);
    const response = answer(stream);
    if (response === stream.response) streams.push(stream);
    return response;
  });
  const happen = (stream: number, position: number): void =>
    streams[stream]?.write([position, { position, type: 'run.changed', runId: `run_${position}` }]);
  const shown = () => streams.map(({ request, isOpen }) => [Number(queryOf(request)['after']), isOpen]);
  return { client, streams, happen, shown };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function tab(client: TaskRunnerClient, tabs: Tabs) {
  const feed = new SharedFeed(client, tabs);
  const heard: (number | 'again')[] = [];
  feed.subscribe((change: FeedChange) => heard.push(change.kind === 'again' ? 'again' : change.at));
  return { feed, heard };
}

it('has one stream for all tabs, which another tab takes over where the first has left', async () => {
  const { client, happen, shown } = server();
  const tabs = browser();
  const [one, other] = [tab(client, tabs), tab(client, tabs)];
  const leave = one.feed.join('ada');
  const leaveOther = other.feed.join('ada');
  await settled();
  expect(shown()).toEqual([[7, true]]);
  happen(0, 8);
  await settled();
  expect([one.heard, other.heard]).toEqual([[8], [8]]);
  leave();
  await settled();
  expect(shown()).toEqual([
    [7, false],
    [8, true],
  ]);
  happen(1, 9);
  await settled();
  expect([one.heard, other.heard]).toEqual([[8], [8, 9]]);
  leaveOther();
});

it('tells a tab that comes back to read everything again, and people do not share', async () => {
  const { client, streams, happen } = server();
  const tabs = browser();
  const [ada, grace] = [tab(client, tabs), tab(client, tabs)];
  const [leave, leaveGrace] = [ada.feed.join('ada'), grace.feed.join('grace')];
  await settled();
  expect(streams).toHaveLength(2);
  happen(0, 8);
  await settled();
  expect([ada.heard, grace.heard]).toEqual([[8], []]);
  leave();
  const leaveAgain = ada.feed.join('ada');
  expect(ada.heard).toEqual([8, 'again']);
  leaveAgain();
  leaveGrace();
});

it('begins anew where its position is gone', async () => {
  let isGone = true;
  const { client, streams, shown } = server(({ response }) => {
    if (!isGone) return response;
    isGone = false;
    return Response.json({ code: 'EVENTS_GONE', detail: 'gone', retryable: false }, { status: 410 });
  });
  const { feed, heard } = tab(client, browser());
  const leave = feed.join('ada');
  for (let tries = 0; tries < 200 && streams.length === 0; tries++) await settled();
  expect(shown()).toEqual([[7, true]]);
  expect(heard).toEqual(['again']);
  leave();
});
