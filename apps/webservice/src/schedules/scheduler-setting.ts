/** How schedules tick in this process: a token for dependency injection. */
export const SCHEDULER = Symbol('scheduler setting');
