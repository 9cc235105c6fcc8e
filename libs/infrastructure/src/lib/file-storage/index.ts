export {
  openFolderDatabase,
  type FolderDatabase,
  type FolderDatabaseOptions,
  type FolderDatabaseUrls,
} from './folder-database';
export { importFolder, type ImportOptions } from './import-folder';
export { packTemplate } from './template-archive';
export { StorageError, type StorageErrorCode } from './storage-error';
