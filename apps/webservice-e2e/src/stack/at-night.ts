/** A test for `npm run test:all` only: a campaign that repeats in numbers what other tests check once. docs/development.md lists them. */
export const atNight = (process.env['TASKRUNNER_TESTS'] === 'all' ? it : () => undefined) as typeof it;
