export { advance, initialState } from './advance';
export type { Fact, InputEventBody } from './run-event';
export { MACHINE_VERSION } from './run-state';
