import { builtinBehaviours } from '@taskrunner/core';
import { EXECUTOR_BEHAVIOURS } from './behaviours';

// The planner and the verifier read the version from core, environments read it from here.
it('every executor has one behaviour version, in core and here', () => {
  expect(EXECUTOR_BEHAVIOURS).toEqual(builtinBehaviours());
});
