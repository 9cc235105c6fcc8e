export {
  openFolderDatabase,
  type FolderDatabase,
  type FolderDatabaseOptions,
  type FolderDatabaseUrls,
} from './folder-database';
export { StorageError, type StorageErrorCode } from './storage-error';
