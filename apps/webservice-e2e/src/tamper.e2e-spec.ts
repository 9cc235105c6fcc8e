import { Administrator } from './tamper/administrator';
import './tamper/journal.cases';
import './tamper/documents.cases';
import './tamper/logs.cases';
import './tamper/rows.cases';
import './tamper/shown.cases';
import './tamper/signatures.cases';

// One file, so that the cases share a connection to the database and the sign-ins of two people.
afterAll(async () => (await Administrator.shared()).close(), 60_000);
