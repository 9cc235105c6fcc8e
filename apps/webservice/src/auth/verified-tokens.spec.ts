import type { Caller } from './caller';
import { VerifiedTokens } from './verified-tokens';

it('remembers a token for half a minute, and never beyond its end', () => {
  let now = 0;
  const tokens = new VerifiedTokens(() => now);
  const [long, short] = [{ expiresAt: 3_600_000 } as Caller, { expiresAt: 5_000 } as Caller];
  tokens.keep('long', long);
  tokens.keep('short', short);
  expect([tokens.get('long'), tokens.get('short'), tokens.get('other')]).toEqual([long, short, null]);
  now = 5_000;
  expect([tokens.get('long'), tokens.get('short')]).toEqual([long, null]);
  now = 30_000;
  expect(tokens.get('long')).toBeNull();
});
