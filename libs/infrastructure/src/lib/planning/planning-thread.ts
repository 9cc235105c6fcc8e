// The script of a planning thread: pure work on untrusted packs, one question at a time. Its starter ends it if it takes too long; V8 ends
// it if it needs too much memory.
import { workerData } from 'node:worker_threads';
import { planningDependencies, workOf, type PlanningWork } from '@taskrunner/core/operations';
import type { PolicyEngine } from '@taskrunner/core/policy';
import { cedarEngine } from '../policies/cedar-engine';
import { answerQuestions } from './answer-questions';
import type { EngineName, ThreadContext } from './thread-protocol';

const ENGINES: Readonly<Record<EngineName, PolicyEngine>> = { cedar: cedarEngine };

const { setting, engines } = workerData as ThreadContext;
const policyEngines = Object.fromEntries(engines.map((name) => [name, ENGINES[name]]));
const dependencies = planningDependencies({ setting, policyEngines });

answerQuestions((kind, asked) => workOf(dependencies, kind as keyof PlanningWork, asked as never));
