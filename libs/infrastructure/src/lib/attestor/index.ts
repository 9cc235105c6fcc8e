export { AttestorError, type AttestorErrorCode } from './attestor-error';
export { DRAFT_FILE } from './remote-attestor';
