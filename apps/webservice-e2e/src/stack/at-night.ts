/** True in `npm run test:all`. */
export const isNight = process.env['TASKRUNNER_TESTS'] === 'all';

/** Stands for a test that does not run in every change. */
const left = Object.assign(() => undefined, { each: () => () => undefined });

/**
 * A test for `npm run test:all` only: it repeats in numbers, or varies, what another test checks in every change. docs/development.md lists them.
 * It needs no timeout, because Jest waits for an hour at night.
 */
export const atNight = (isNight ? it : left) as typeof it;

/** The same for tests that share a set-up. */
export const describeAtNight = (isNight ? describe : left) as typeof describe;
