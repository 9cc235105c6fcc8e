export { makeFolders } from './make-folders';
