export { FileObjectStore } from './file-object-store';
export { namingStore, openExistingObjectStore, openObjectStore } from './open-object-store';
