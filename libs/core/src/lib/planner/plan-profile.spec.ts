import { packText, planned, testConfiguration } from '../../testing/planning';

const STEPS = '- { id: a, run: { uses: "builtin:noop" } }';
const ofLength = (messageCharacters: number) => ({
  configuration: { ...testConfiguration, defaults: { ...testConfiguration.defaults, messageCharacters } },
});

describe('the length of messages', () => {
  it.each(['success: { message: done }', 'failure: { message: bad }'])(
    'is in the profile of a pack with one: %s',
    (spec) => {
      const [short, long] = [100, 200].map((most) => planned(packText(STEPS, spec), {}, ofLength(most)));
      expect(short?.profile.defaults.messageCharacters).toBe(100);
      expect(short?.index.defaults.messageCharacters).toBe(100);
      expect(long?.planHash).toBe(short?.planHash);
      expect(long?.profileDigest).not.toBe(short?.profileDigest);
    },
  );

  it('is in no other profile, so that those keep their digests', () => {
    const [short, long] = [100, 200].map((most) => planned(packText(STEPS), {}, ofLength(most)));
    expect(short?.profile.defaults).not.toHaveProperty('messageCharacters');
    expect(short?.index.defaults).not.toHaveProperty('messageCharacters');
    expect(long?.profileDigest).toBe(short?.profileDigest);
  });
});
