import type { Executor } from '@taskrunner/core/ports';
import { MemoryObjects } from '@taskrunner/core/testing';
import { builtinExecutors, type BuiltinOptions } from '../builtin-executors';
import { NO_BUNDLES, NO_EXPORTS, NO_SPOOL } from './requests';

/**
 * The built-in executors with defaults for the options that a spec does not set. Specs of new executors use it: a new option gets a default
 * here.
 */
export function builtins(overrides: Partial<BuiltinOptions> = {}): ReadonlyMap<string, Executor> {
  return builtinExecutors({
    objects: new MemoryObjects(),
    sandboxOf: () => null,
    workDirectory: '/nowhere',
    artifactMaxBytes: 1,
    spool: NO_SPOOL,
    bundles: NO_BUNDLES,
    exports: NO_EXPORTS,
    interpreters: [],
    ...overrides,
  });
}
