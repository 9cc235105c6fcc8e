export { makeFolders, removeMadeFolders } from './make-folders';
