export { pureOutcome, type PureOutcome } from './pure-step';
