export {
  openFolderDatabase,
  type FolderDatabase,
  type FolderDatabaseOptions,
  type FolderDatabaseUrls,
} from './folder-database';
export { importFolder, type ImportOptions } from './import-folder';
export { StorageError, type StorageErrorCode } from './storage-error';
