import { setFlagsFromString } from 'node:v8';

/** Time without work after which a service gives up memory and compiled code, milliseconds. */
const KEPT_FOR_MS = 600_000;

/** The flag of V8 that sets it. Node.js 20, 22 and 24 know it. A later V8 that does not reports it on standard error and goes on. */
export const KEEPING_FLAG = `--gc-memory-reducer-start-delay-ms=${KEPT_FOR_MS}`;

/**
 * Lets this process keep its compiled code for ten minutes without work. After 8 s without work, V8 collects everything that it can make again.
 * Optimized code that depends on what was collected is discarded, and the runs that come next take up to 1.7 times the processor time.
 */
export function keepCompiledCode(): void {
  setFlagsFromString(KEEPING_FLAG);
}

/**
 * Flags of V8 that optimize a function after an eighth of the usual work, and a large one nearly as soon as a small one. They are for Node.js 20.
 * Later releases have a compiler between the interpreter and the optimizing one, and count calls.
 */
export const SOONER_FLAGS = ['--interrupt-budget=8000', '--bytecode-size-allowance-per-tick=5000'] as const;
const FIRST_V8_WITHOUT = 12;

/**
 * Lets this process optimize its code sooner (ADR 111). Otherwise a service of Node.js 20 is slow for a minute of work: large functions wait
 * longest. To be called once it is ready, because code that only starts it is not worth it.
 */
export function optimizeSooner(v8 = process.versions.v8, set: (flag: string) => void = setFlagsFromString): void {
  if (Number.parseInt(v8, 10) < FIRST_V8_WITHOUT) for (const flag of SOONER_FLAGS) set(flag);
}
