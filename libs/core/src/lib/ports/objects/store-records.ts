/** What the database knows of the object store of the installation. */
export interface RecordedStore {
  /** Null: no store is recorded. */
  readonly id: string | null;
  /** True if the store has this id. False: it was recorded, and may not have been written to the store. */
  readonly isWritten: boolean;
  /** True if rows name objects that the store must have. Only known while no written id is recorded. */
  readonly namesObjects: boolean;
}

/** The record of the object store of an installation. */
export abstract class StoreRecords {
  abstract recorded(): Promise<RecordedStore>;
  /** Records the id if none is recorded, and that the store has it. Returns the recorded one, which may be another. */
  abstract keep(id: string, isWritten: boolean): Promise<string>;
}
