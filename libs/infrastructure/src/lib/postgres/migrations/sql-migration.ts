import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A forward-only migration: SQL that TypeORM runs in a transaction of its own. `name` ends in a timestamp of 13 digits, which determines
 * the order.
 */
export function sqlMigration(name: string, sql: string): new () => MigrationInterface {
  return class {
    readonly name = name;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql);
    }

    async down(): Promise<void> {
      throw new Error(`${name} cannot be undone: restore a backup, or go forward with a new migration`);
    }
  };
}
