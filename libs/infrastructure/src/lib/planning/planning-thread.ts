// The script of a planning thread: pure work on untrusted packs, one request at a time. The parent terminates it at its time limit; V8
// terminates it at its memory limit.
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
