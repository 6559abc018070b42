import { createTsEngine } from '../src/engine/ts.ts';
import { engineCases } from './engine.case.ts';

engineCases('ts', createTsEngine);
