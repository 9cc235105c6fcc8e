import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openBrowser } from '../session/browser';
import { consoleOpening, isProgram, type OpeningFacts } from './open-console';

const PERSON: OpeningFacts = {
  asked: undefined,
  isInteractive: true,
  env: { DISPLAY: ':0' },
  platform: 'linux',
  exists: () => true,
};

describe('the console that dev opens', () => {
  it.each<[string, Partial<OpeningFacts>, object]>([
    ['a terminal', {}, { program: ['xdg-open'] }],
    ['a terminal on macOS', { platform: 'darwin', env: {} }, { program: ['open'] }],
    ['another browser', { env: { BROWSER: '/opt/b' } }, { program: ['/opt/b'] }],
    ['--no-open', { asked: false }, { why: null }],
    ['no terminal', { isInteractive: false }, { why: 'no terminal is attached' }],
    ['no terminal and --open', { asked: true, isInteractive: false }, { why: 'no terminal is attached' }],
    ['a continuous integration', { asked: true, env: { DISPLAY: ':0', CI: 'true' } }, { why: 'CI is true' }],
    ['no display', { env: {} }, { why: expect.stringContaining('no display') }],
    ['no opener', { exists: () => false }, { why: expect.stringContaining('xdg-open') }],
  ])('with %s', (_what, facts, opening) => {
    expect(consoleOpening({ ...PERSON, ...facts })).toEqual(opening);
  });

  it('is opened by a program of PATH, with its address and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'opener-'));
    const [opener, opened] = [join(folder, 'xdg-open'), join(folder, 'opened')];
    try {
      const env = { PATH: `/nonexistent:${folder}`, DISPLAY: ':0' };
      const exists = (name: string): boolean => isProgram(name, env);
      expect(consoleOpening({ ...PERSON, env, exists })).toHaveProperty('why');
      writeFileSync(opener, `#!/bin/sh\necho "$# $1" > ${opened}.part\nmv ${opened}.part ${opened}\n`);
      expect(isProgram('xdg-open', env)).toBe(false);
      chmodSync(opener, 0o755);
      const opening = consoleOpening({ ...PERSON, env, exists });
      expect(opening).toEqual({ program: ['xdg-open'] });
      openBrowser([opener], 'http://127.0.0.1:8080/console/');
      while (!existsSync(opened)) await pause(10);
      expect(readFileSync(opened, 'utf8')).toBe('1 http://127.0.0.1:8080/console/\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
