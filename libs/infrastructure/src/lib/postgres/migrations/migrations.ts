import { identifiers } from './01-19/01-identifiers';
import { runs } from './01-19/02-runs';
import { inbox } from './01-19/03-inbox';
import { steps } from './01-19/04-steps';
import { gates } from './01-19/05-gates';
import { workers } from './01-19/06-workers';
import { outbox } from './01-19/07-outbox';
import { audit } from './01-19/08-audit';
import { journal } from './01-19/09-journal';
import { artifacts } from './01-19/10-artifacts';
import { access } from './01-19/11-access';
import { tail } from './01-19/12-tail';
import { sensitiveInputs } from './01-19/13-sensitive-inputs';
import { uploads } from './01-19/14-uploads';
import { packVersions } from './01-19/15-pack-versions';
import { schedules } from './01-19/16-schedules';
import { webhooks } from './01-19/17-webhooks';
import { traceContext } from './01-19/18-trace-context';
import { evidenceExports } from './01-19/19-exports';
import { workforce } from './30-62/30-workforce';
import { concurrency } from './30-62/31-concurrency';
import { placement } from './30-62/32-placement';
import { assignments } from './30-62/50-assignments';
import { archives } from './30-62/60-archives';
import { retention } from './30-62/61-retention';
import { originals } from './30-62/62-originals';
import { reruns } from './80-99/80-reruns';
import { packedPages } from './80-99/81-packed-pages';
import { statementsInBundles } from './80-99/82-statements-in-bundles';
import { snapshots } from './80-99/83-snapshots';
import { drivenAlone } from './80-99/84-driven-alone';
import { probeDocuments } from './80-99/85-probe-documents';
import { releases } from './80-99/86-releases';
import { alteredDocuments } from './80-99/95-altered-documents';
import { auditCheckpoints } from './80-99/89-audit-checkpoints';
import { honour } from './80-99/93-honour';
import { runMarks } from './80-99/94-run-marks';
import { workerReach } from './80-99/96-worker-reach';
import { keysInUse } from './80-99/97-keys-in-use';
import { stuckRestores } from './80-99/98-stuck-restores';
import { fleet } from './80-99/99-fleet';
import { runRequesters } from './100-119/100-run-requesters';
import { deciderNames } from './100-119/101-decider-names';
import { eventFeed } from './100-119/102-event-feed';
import { logAttempts } from './100-119/103-log-attempts';
import { fedByStatements } from './100-119/104-fed-by-statements';
import { scheduleRecords } from './100-119/105-schedule-records';
import { marksOfTheirOwn } from './100-119/106-marks-of-their-own';
import { runMessages } from './100-119/107-run-messages';
import { countersThatEnd } from './100-119/108-counters-that-end';
import { runForms } from './100-119/109-run-forms';
import { readableTexts } from './100-119/110-readable-texts';
import { rowsOfNobody } from './100-119/111-rows-of-nobody';
import { rowsBesideOthers } from './100-119/112-rows-beside-others';
import { documentsOfAnyDepth } from './100-119/113-documents-of-any-depth';
import { objectStore } from './100-119/114-object-store';
import { marksOfEveryUpdate } from './100-119/115-marks-of-every-update';
import { countsOfAnySize } from './100-119/116-counts-of-any-size';
import { valuesOfAnySize } from './100-119/117-values-of-any-size';
import { fedBySubmissions } from './100-119/118-fed-by-submissions';
import { rowsOfAnyOrder } from './100-119/119-rows-of-any-order';
import { groupsWithoutHolder } from './120-groups-without-holder';
import { boundedFleet } from './121-bounded-fleet';
import { marksByStatements } from './122-marks-by-statements';
import { journaledSteps } from './123-journaled-steps';
import { entriesTogether } from './124-entries-together';
import { shortBundleIndex } from './125-short-bundle-index';
import { packedAdmissions } from './126-packed-admissions';
import { columnsInOrder } from './127-columns-in-order';
import { shorterAttestations } from './128-shorter-attestations';
import { manifestsOfPlans } from './129-manifests-of-plans';
import { functionsOfRows } from './130-functions-of-rows';

/** All migrations, in order. A released migration never changes; a new one is added at the end. */
export const migrations = [
  identifiers,
  runs,
  inbox,
  steps,
  gates,
  workers,
  outbox,
  audit,
  journal,
  artifacts,
  access,
  tail,
  sensitiveInputs,
  uploads,
  packVersions,
  schedules,
  webhooks,
  traceContext,
  evidenceExports,
  workforce,
  concurrency,
  placement,
  assignments,
  archives,
  retention,
  reruns,
  originals,
  packedPages,
  statementsInBundles,
  snapshots,
  drivenAlone,
  probeDocuments,
  releases,
  auditCheckpoints,
  honour,
  runMarks,
  alteredDocuments,
  workerReach,
  keysInUse,
  stuckRestores,
  fleet,
  runRequesters,
  deciderNames,
  eventFeed,
  logAttempts,
  fedByStatements,
  scheduleRecords,
  marksOfTheirOwn,
  runMessages,
  countersThatEnd,
  runForms,
  readableTexts,
  rowsOfNobody,
  rowsBesideOthers,
  documentsOfAnyDepth,
  objectStore,
  marksOfEveryUpdate,
  countsOfAnySize,
  valuesOfAnySize,
  fedBySubmissions,
  rowsOfAnyOrder,
  groupsWithoutHolder,
  boundedFleet,
  marksByStatements,
  journaledSteps,
  entriesTogether,
  shortBundleIndex,
  packedAdmissions,
  columnsInOrder,
  shorterAttestations,
  manifestsOfPlans,
  functionsOfRows,
];

/** Names of the migrations, as the database records them. */
export const migrationNames: readonly string[] = migrations.map((Migration) => new Migration().name ?? '');
