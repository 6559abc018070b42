/** @module `spandrel/mcp`: traces clients and servers of the Model Context Protocol. */

export { instrumentMcp } from './ai/integrations/mcp.ts';
