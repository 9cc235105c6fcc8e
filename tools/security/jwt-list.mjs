// All invalid tokens and one valid token at one route.
import { codeOf, each } from './requests.mjs';

export async function jwtList({ server, minter, victim }) {
  const findings = [];
  let count = 0;
  const expect = async (name, asked, status, code) => {
    const answer = await server.ask({ path: '/api/me', ...asked });
    count++;
    if (answer.status !== status || codeOf(answer) !== code)
      findings.push(`${name}: ${answer.status} ${codeOf(answer)}, ${status} ${code} is expected`);
    if (status === 401 && !/^Bearer realm="taskrunner"/.test(answer.headers['www-authenticate'] ?? ''))
      findings.push(`${name}: no challenge`);
  };
  await each(Object.entries(minter.refused(victim)), ([name, token]) => expect(name, { token }, 401, 'TOKEN_INVALID'));
  const good = minter.token(victim);
  const ways = {
    'a token in the query': { path: `/api/me?access_token=${good}` },
    'a token as Basic': { headers: { authorization: `Basic ${Buffer.from(`:${good}`).toString('base64')}` } },
    'a token without a scheme': { headers: { authorization: good } },
    'a token in a cookie': { headers: { cookie: `access_token=${good}` } },
    'an empty token': { headers: { authorization: 'Bearer ' } },
  };
  for (const [name, asked] of Object.entries(ways)) await expect(name, asked, 401, 'TOKEN_MISSING');
  await expect('the good one', { token: good }, 200, null);
  return { count, findings, about: 'tokens that do not hold, tokens in other places, and one that holds' };
}
