import { StoreRecords, type RecordedStore } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { statement } from '../connection/statement';

interface StoreRow {
  readonly id: string | null;
  readonly written: boolean;
  readonly names_objects: boolean;
}

/** The id of the object store in the table `pack_artifacts.object_store`. */
export class PostgresStoreRecords extends StoreRecords {
  private readonly knownStatement = statement('known-object-store');
  private readonly keepStatement = statement('keep-object-store');

  constructor(private readonly queries: Queries) {
    super();
  }

  async recorded(): Promise<RecordedStore> {
    const [row] = await this.queries.across<StoreRow>(this.knownStatement, []);
    if (!row) throw new TypeError('no answer');
    return { id: row.id, isWritten: row.written, namesObjects: row.names_objects };
  }

  async keep(id: string, isWritten: boolean): Promise<string> {
    const [row] = await this.queries.across<{ id: string }>(this.keepStatement, [id, isWritten]);
    if (!row) throw new TypeError('no answer');
    return row.id;
  }
}
