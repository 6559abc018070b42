/**
 * The semantic conventions for the Model Context Protocol (semantic-conventions-genai, "mcp"). They have no dialects: other
 * conventions do not know the protocol.
 */
import type { Attributes } from '@opentelemetry/api';

/** What is known of a message of the protocol. */
export interface McpFields {
  method?: string;
  requestId?: string;
  sessionId?: string;
  protocolVersion?: string;
  resourceUri?: string;
  promptName?: string;
  /** `pipe` or `tcp`. */
  transport?: string;
  /** `http` or `websocket`. */
  protocol?: string;
  /** The code of an error that was answered. */
  errorCode?: string;
  /** That code, `tool_error`, or `cancelled`. */
  errorType?: string;
}

const NAMES: Readonly<Record<keyof McpFields, string>> = {
  method: 'mcp.method.name',
  requestId: 'jsonrpc.request.id',
  sessionId: 'mcp.session.id',
  protocolVersion: 'mcp.protocol.version',
  resourceUri: 'mcp.resource.uri',
  promptName: 'gen_ai.prompt.name',
  transport: 'network.transport',
  protocol: 'network.protocol.name',
  errorCode: 'rpc.response.status_code',
  errorType: 'error.type',
};

export function mcpAttributes(fields: McpFields): Attributes {
  const attributes: Attributes = {};
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined) attributes[NAMES[field as keyof McpFields]] = value;
  }
  return attributes;
}
