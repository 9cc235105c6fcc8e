/**
 * A test that `npm run test:all` runs, and `npm test` does not: a campaign that proves by numbers what other tests prove once. The table of them is
 * in docs/development.md.
 */
export const atNight = (process.env['TASKRUNNER_TESTS'] === 'all' ? it : () => undefined) as typeof it;
