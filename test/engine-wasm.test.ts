import { createWasmEngine } from '../src/engine/wasm.ts';
import { engineCases } from './engine.case.ts';

engineCases('wasm', createWasmEngine);
