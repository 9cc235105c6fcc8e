import { cedarEngine } from '@taskrunner/infrastructure/policies';
import type { Register } from '../command-line';
import { registerInspect } from './inspect.command';
import { registerVerify } from './verify.command';

// With the engine that the single-file verifier leaves out.

/** `verify`. */
export const registerVerifyWithCedar: Register = (program, context) =>
  registerVerify(program, context, { cedar: cedarEngine });

/** `inspect`. */
export const registerInspectWithCedar: Register = (program, context) =>
  registerInspect(program, context, { cedar: cedarEngine });
