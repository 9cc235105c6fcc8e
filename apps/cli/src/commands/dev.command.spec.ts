import { usageOf } from './dev.command';

const STACK = {
  server: 'http://127.0.0.1:8080',
  issuer: 'http://127.0.0.1:8081',
  health: { webservice: 'http://127.0.0.1:8082', workers: [] },
  trustPath: '.taskrunner/trust.json',
  stateDirectory: '.taskrunner',
  sandbox: { profile: 'bwrap' as const, roots: [], reason: null },
};

describe('what dev prints of the console', () => {
  it.each([
    [{ page: '<html>' }, 'console    http://127.0.0.1:8080/console/'],
    [{ page: null, refusal: 'CONSOLE_NOT_BUILT' as const }, 'console: not built; run npx nx build console'],
    [{ page: null, refusal: 'CONSOLE_DISABLED' as const }, 'console: disabled (console.enabled)'],
    [{ page: null, refusal: null }, 'console: not served; see the log of the webservice'],
  ])('is what the webservice answers: %j', (answer, line) => {
    const lines = usageOf(STACK, answer, 'taskrunner');
    expect(lines.filter((one) => one.startsWith('console'))).toEqual([line]);
  });
});
