import { connect } from 'node:net';
import { Loopback } from './loopback';

const STATE = 'state-of-this-sign-in';

describe('the answer of a browser', () => {
  const listening = async () => {
    const loopback = await Loopback.listen(new AbortController().signal);
    return { loopback, port: Number(new URL(loopback.address).port), answer: loopback.answerTo(STATE) };
  };
  /** The status of a request whose target no client would send. */
  const statusOf = (port: number, target: string, method = 'GET'): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(`${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`));
      let text = '';
      socket.on('data', (bytes) => (text += String(bytes)));
      socket.on('close', () => resolve(Number(text.split(' ')[1])));
      socket.on('error', reject);
    });

  it('is the first request to the redirect address with the state of the sign-in, and nothing else', async () => {
    const { loopback, port, answer } = await listening();
    const targets: readonly (readonly [string, number])[] = [
      ['/', 404],
      ['/favicon.ico', 404],
      [`/other?code=1&state=${STATE}`, 404],
      ['/callback', 400],
      [`/callback?state=${STATE}`, 400],
      ['/callback?code=1', 400],
      ['/callback?error=access_denied&state=wrong', 400],
      [`/callback?code=1&state=wrong&state=${STATE}`, 400],
      [`/callback?code=2&state=${STATE}`, 200],
      [`/callback?code=3&state=${STATE}`, 400],
    ];
    for (const [target, status] of targets) expect([target, await statusOf(port, target)]).toEqual([target, status]);
    expect((await answer).search).toBe(`?code=2&state=${STATE}`);
    loopback.close();
    await expect(fetch(loopback.address)).rejects.toThrow('fetch failed');
  });

  it.each([
    '//',
    '//[',
    'http://',
    `http://evil.example/callback?code=1&state=${STATE}`,
    `//evil.example/callback?code=1&state=${STATE}`,
  ])('is not a request for %s, which is refused', async (target) => {
    const { loopback, port, answer } = await listening();
    expect(await statusOf(port, target)).toBe(400);
    expect(await statusOf(port, `/callback?error=access_denied&state=${STATE}`)).toBe(200);
    expect((await answer).searchParams.get('error')).toBe('access_denied');
    loopback.close();
  });

  it('is not waited for after the time is over', async () => {
    const over = new AbortController();
    const loopback = await Loopback.listen(over.signal);
    const answer = loopback.answerTo(STATE);
    over.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLI_LOGIN_FAILED', exitCode: 3 });
    await expect(loopback.answerTo(STATE)).rejects.toMatchObject({ code: 'CLI_LOGIN_FAILED' });
    loopback.close();
  });
});
