import { BUILTIN_EXECUTORS } from '../plan/builtin-executors';
import { isPureBuiltin } from './pure-step';

it('the verifier derives what every pure executor comes to, but for wait, which time ends', () => {
  const pure = BUILTIN_EXECUTORS.filter(({ effects }) => effects === 'pure');
  const names = pure.map(({ uses }) => uses);
  expect(names.filter((uses) => !isPureBuiltin(uses))).toEqual(['builtin:wait']);
});
