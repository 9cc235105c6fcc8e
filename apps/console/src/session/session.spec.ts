import type { Tokens } from './authority';
import { PendingSignIns, type PendingSignIn } from './pending-sign-in';
import { tabStorage as storage } from '../testing/tab-storage';
import { renewalAt, safePath } from './renewal';
import { Session } from './session';

const HOUR_MS = 3_600_000;
const BASE = '/console';

const tokens = (access: string, expiresInMs = HOUR_MS): Tokens => ({
  access,
  expiresAt: Date.now() + expiresInMs,
  refresh: `refresh of ${access}`,
  identity: null,
});

function tab(href: string, kept: Storage = storage(), tabs = new EventTarget()) {
  const location = { ...partsOf(href), assign: jest.fn() };
  const history = { replaceState: jest.fn() };
  const authority = {
    begin: jest.fn(async (path: string) => ({ url: 'https://id.example.org/auth', pending: { ...PENDING, path } })),
    finish: jest.fn(async () => tokens('first')),
    renew: jest.fn(async () => tokens('second')),
    end: jest.fn(async () => null),
  };
  const session = new Session(authority, new PendingSignIns(kept), {
    ...{ location, history, base: BASE },
    tabs: channelIn(tabs),
  });
  return { session, authority, location, history, kept };
}

/** A channel reaches the other tabs, and not its own. */
function channelIn(tabs: EventTarget) {
  let isOwn = false;
  return {
    postMessage: (data: unknown): void => {
      isOwn = true;
      tabs.dispatchEvent(new MessageEvent('message', { data }));
      isOwn = false;
    },
    addEventListener: ((_type: string, listener: (event: Event) => void) =>
      tabs.addEventListener('message', (event) => isOwn || listener(event))) as BroadcastChannel['addEventListener'],
  };
}

function partsOf(href: string) {
  const { pathname, search, hash } = new URL(href);
  return { href, pathname, search, hash };
}

const PENDING: PendingSignIn = { state: 's', nonce: 'n', verifier: 'v', path: `${BASE}/runs?status=failed` };
const ANSWER = `https://runner.example.org${BASE}/?code=c&state=s`;

async function signedIn(first: Tokens = tokens('first'), tabs = new EventTarget()) {
  const kept = storage();
  new PendingSignIns(kept).keep(PENDING);
  const opened = tab(ANSWER, kept, tabs);
  opened.authority.finish.mockResolvedValue(first);
  await opened.session.start();
  return opened;
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('a sign-in', () => {
  it('leads to the issuer, and keeps no token for the way back', async () => {
    const { session, location, kept } = tab(`https://runner.example.org${BASE}/runs?status=failed`);
    await session.start();
    expect(session.current().kind).toBe('leaving');
    expect(location.assign).toHaveBeenCalledWith('https://id.example.org/auth');
    expect(new PendingSignIns(kept).take()).toEqual(PENDING);
  });

  it('goes on where the person was, and takes the code out of the address', async () => {
    const { session, history, kept } = await signedIn();
    expect(session.current().kind).toBe('signed-in');
    expect(history.replaceState).toHaveBeenCalledWith(null, '', PENDING.path);
    expect(await session.token()).toBe('first');
    expect(kept).toHaveLength(0);
  });

  it('that this tab has not begun is refused, and its code is not used', async () => {
    const { session, authority, history } = tab(ANSWER);
    await session.start();
    expect(session.current().kind).toBe('failed');
    expect(authority.finish).not.toHaveBeenCalled();
    expect(history.replaceState).toHaveBeenCalledWith(null, '', `${BASE}/`);
  });

  it('that fails says why, and does not begin again by itself', async () => {
    const kept = storage();
    new PendingSignIns(kept).keep(PENDING);
    const { session, authority, location } = tab(ANSWER, kept);
    authority.finish.mockRejectedValue(new Error('the state differs'));
    await session.start();
    expect(session.current()).toEqual({ kind: 'failed', message: 'the state differs' });
    expect(location.assign).not.toHaveBeenCalled();
  });
});

describe('a renewal', () => {
  it('comes before the token expires, and calls share it', async () => {
    const { session, authority } = await signedIn();
    await jest.advanceTimersByTimeAsync(HOUR_MS - 60_000);
    expect(authority.renew).toHaveBeenCalledTimes(1);
    expect(await session.token()).toBe('second');
    const [one, other] = await Promise.all([session.refused('second'), session.refused('second')]);
    expect(authority.renew).toHaveBeenCalledTimes(2);
    // The issuer returned the same token again, so another try cannot succeed.
    expect([one, other]).toEqual([false, false]);
  });

  it('is tried again while the issuer does not answer, until the token has expired', async () => {
    const { session, authority } = await signedIn();
    authority.renew.mockRejectedValue(new TypeError('fetch failed'));
    await jest.advanceTimersByTimeAsync(HOUR_MS - 30_000);
    expect(authority.renew.mock.calls.length).toBeGreaterThan(2);
    expect(session.current().kind).toBe('signed-in');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(session.current()).toMatchObject({
      kind: 'signed-out',
      reason: expect.stringContaining('expired') as string,
    });
  });

  it('signs nobody in again who has signed out meanwhile', async () => {
    const { session, authority } = await signedIn();
    let answer: (renewed: Tokens) => void = () => undefined;
    authority.renew.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const refused = session.refused('first');
    await session.signOut();
    answer(tokens('second'));
    expect(await refused).toBe(false);
    expect(session.current().kind).toBe('signed-out');
    await expect(session.token()).rejects.toThrow('nobody is signed in');
  });
});

it('a person who has signed out stays so, also after a reload', async () => {
  const { session, authority, kept } = await signedIn();
  await session.signOut();
  expect(authority.end).toHaveBeenCalledTimes(1);
  const again = tab(`https://runner.example.org${BASE}/runs`, kept);
  await again.session.start();
  expect(again.session.current()).toEqual({ kind: 'signed-out', reason: null, isChosen: true });
  expect(again.location.assign).not.toHaveBeenCalled();
});

it('a short token is renewed after half of its life', () => {
  expect(renewalAt(0, HOUR_MS)).toBe(HOUR_MS - 60_000);
  expect(renewalAt(0, 20_000)).toBe(10_000);
  expect(renewalAt(5_000, 1_000)).toBe(1_000);
});

it.each([
  ['/console/runs?x=1', '/console/runs?x=1'],
  ['/console', '/console'],
  ['', '/console/'],
  ['//evil.example.org/console/', '/console/'],
  ['https://evil.example.org/', '/console/'],
  ['/consoles', '/console/'],
])('goes on at %s: %s', (path, safe) => expect(safePath(path, BASE)).toBe(safe));

it('that ends in one tab ends in all tabs of the browser', async () => {
  const tabs = new EventTarget();
  const [one, other] = [await signedIn(tokens('one'), tabs), await signedIn(tokens('other'), tabs)];
  await one.session.signOut();
  await jest.advanceTimersByTimeAsync(0);
  expect(other.session.current()).toEqual({
    kind: 'signed-out',
    reason: 'You signed out in another tab.',
    isChosen: true,
  });
  await expect(other.session.token()).rejects.toThrow('nobody is signed in');
  // Its refresh token is revoked too, and a reload does not sign it in again.
  expect(other.authority.end).toHaveBeenCalledWith(expect.objectContaining({ access: 'other' }));
  expect(other.location.assign).not.toHaveBeenCalled();
  expect(new PendingSignIns(other.kept).isSignedOut).toBe(true);
  expect(one.authority.end).toHaveBeenCalledTimes(1);
});
