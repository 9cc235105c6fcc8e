export { plannerContract, type PlannerBench } from './contracts/planner-contract';
export {
  AGE_MS,
  objectStoreContract,
  type ContractCase,
  type ObjectStoreBench,
} from './contracts/object-store-contract';
export { packRegistryContract, type PackRegistryBench } from './contracts/pack-registry-contract';
export { packText, planned, testConfiguration, testEnvironment } from './planning';
export { marked } from './broken-manifests';
export { PROTOTYPE_CASES, REFUSED_SCHEMAS, SCHEMA_CASES, type SchemaCase } from './schema-cases';
export { TEN_CODES, TEN_FAULTS } from './ten-faults';
export { anAdmission, comparedDocuments, comparedGate, storedDecision, storedGate } from './stored-documents';
export { Random } from './random/random';
export { growthOf, stepsOf } from './steps';
export { aBlock, aPlan, aRunNode, testDefaults, testRules, testFloor } from './random/random-plan';
export { healthOf, MemoryObjects, STEADY_STORAGE } from './memory/memory-objects';
export { sampleRun, type SampleOptions } from './sample-evidence';
export { resealed, sealBundle, trustOf, type Sample } from './sample-signing';
export { objectionToJournal, type JournalOf } from './honest-journal';
export { atNight, lawRuns, searched, searchedCases, seedsFrom } from './runs-of-laws';
export { extended, GREETING } from './extension';
export { ED25519_VECTORS, signedOf, spkiOf, type Ed25519Vector } from './ed25519-vectors';
