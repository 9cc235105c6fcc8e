export { advance, initialState } from './advance';
export { endCause } from './end-cause';
export type { Fact, InputEventBody } from './run-event';
export { hasMachine, MACHINE_VERSION } from './run-state';
