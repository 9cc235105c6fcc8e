export { FileSigner } from './file-signer';
export { generateKeyFile, loadKey, type SigningKey } from './key-file';
export { keysAtHand } from './keys-at-hand';
export { generateMacKeyFile } from './mac-key';
export { generateSensitiveInputsKeyFile, loadSensitiveInputsKey } from './sensitive-key';
export type { SigningErrorCode } from './signing-error';
