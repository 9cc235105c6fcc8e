import { isCodedError } from '@taskrunner/core/foundation';
import { ExportError, exportRefusal } from '@taskrunner/core/operations';
import { codeOf } from './durable-files';

/** Converts a write error of a destination into an export error; export errors are rethrown. */
export function throwDestinationError(error: unknown): never {
  if (ExportError.is(error)) throw error;
  if (isCodedError(error) && error.code === 'OBJECT_STORE_UNAVAILABLE')
    throw exportRefusal('EXPORT_UNAVAILABLE', 'the destination does not respond', error);
  if (isCodedError(error) && error.code === 'OBJECT_STORE_REFUSED')
    throw exportRefusal('EXPORT_REFUSED', 'the destination denies access', error);
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM')
    throw exportRefusal('EXPORT_REFUSED', `the folder denies access (${code})`, error);
  if (code !== null && /^E[A-Z]+$/.test(code))
    throw exportRefusal('EXPORT_UNAVAILABLE', `the folder cannot be used (${code})`, error);
  throw error;
}
