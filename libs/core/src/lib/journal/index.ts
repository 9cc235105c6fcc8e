export { checkChain, knowText } from './chain';
export { LEVELS_BY_LETTER, type LogLevel } from './log-line';
export type { Entry, Page } from './page';
export { type StoredPage } from './journaled-run';
export { replay } from './replay';
export { RunTimings, type ExecutionTimes } from './run-timings';
