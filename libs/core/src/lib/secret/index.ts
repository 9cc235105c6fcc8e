export { NO_REDACTOR, Redactor } from './redactor';
export { SecretError, type SecretErrorCode } from './secret-error';
export { trimmed } from './secret-value';
