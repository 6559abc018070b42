/** @module `spandrel/langchain`: traces LangChain.js and LangGraph.js. */

export { LangChainCallbackHandler } from './ai/integrations/langchain.ts';
