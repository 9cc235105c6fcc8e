import { calledAs, hintAs, lineAs } from './called-as';

describe('the name by which the program was called', () => {
  const PATH = '/usr/bin:/usr/local/bin';

  it.each<[string, string, Readonly<Record<string, string>>, string]>([
    [
      'below npx',
      '/src/node_modules/.bin/taskrunner',
      { npm_command: 'exec', PATH: '/src/node_modules/.bin' },
      'npx taskrunner',
    ],
    ['below an npm script', '/src/node_modules/.bin/taskrunner', { npm_command: 'run-script' }, 'npx taskrunner'],
    ['on the path', '/usr/local/bin/taskrunner', { PATH }, 'taskrunner'],
    ['by a path', '/src/node_modules/.bin/taskrunner', { PATH }, 'node_modules/.bin/taskrunner'],
    ['in its folder', '/src/taskrunner', { PATH }, './taskrunner'],
    ['as a script', '/src/apps/cli/dist/main.js', { PATH }, 'node apps/cli/dist/main.js'],
    ['as a script far away', '/opt/taskrunner/main.js', { PATH }, 'node /opt/taskrunner/main.js'],
    ['as a script in a folder with a space', '/src/my apps/main.js', {}, "node 'my apps/main.js'"],
  ])('%s', (_, script, env, name) => {
    expect(calledAs({ script, folder: '/src', env })).toBe(name);
  });
});

describe('a hint', () => {
  it.each([
    [
      'Sign in with `taskrunner login`, or `taskrunner dev`.',
      'Sign in with `npx taskrunner login`, or `npx taskrunner dev`.',
    ],
    ['See: taskrunner show run_1', 'See: npx taskrunner show run_1'],
    ['Run npx taskrunner dev', 'Run npx taskrunner dev'],
    ['Connect as taskrunner_web to taskrunner.', 'Connect as taskrunner_web to taskrunner.'],
    ['See /opt/taskrunner logs', 'See /opt/taskrunner logs'],
  ])('%s', (hint, expected) => {
    expect(hintAs(hint, 'npx taskrunner')).toBe(expected);
    expect(hintAs(hint, 'taskrunner')).toBe(hint);
  });

  it('is what begins as one: texts of steps and people stay', () => {
    expect(lineAs('help: taskrunner show', 'x')).toBe('help: x show');
    expect(lineAs('next: taskrunner test', 'x')).toBe('next: x test');
    expect(lineAs('work | help: taskrunner show', 'x')).toBe('work | help: taskrunner show');
  });
});
