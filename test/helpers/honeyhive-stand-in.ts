/**
 * @module A stand-in for HoneyHive's server, which cannot run here: it takes what the `honeyhive` package 1.0.42 sends (its
 * request schemas, `models/`, and `sdk/tracer.js`) and says what of it the real one would refuse.
 */

import type { ServerResponse } from 'node:http';
import type { OtlpSpan } from '../../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { plainAttributes } from './api-recorder.ts';
import { receive, type SeenRequest } from './fault-server.ts';

export interface EventSpan extends OtlpSpan {
  readonly plain: Record<string, unknown>;
  readonly session: string;
}

export interface StandIn {
  readonly url: string;
  /** What the real server would refuse. */
  readonly faults: string[];
  readonly sessions: Record<string, unknown>[];
  readonly updates: Record<string, unknown>[];
  readonly spans: EventSpan[];
  readonly requests: SeenRequest[];
  one(name: string): EventSpan;
}

export const API_KEY = 'hh_0123456789abcdef0123456789abcdef';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const GROUPS = ['config', 'inputs', 'outputs', 'metadata', 'metrics', 'feedback', 'user_properties'];
const SESSION = ['project', 'session_name', 'source', 'session_id', 'start_time', ...GROUPS];
const UPDATE = ['event_id', 'duration', ...GROUPS.filter((name) => name !== 'inputs')];
const TYPES = ['model', 'tool', 'chain'];

/** @param answerRest - answers a REST call instead of the stand-in; returns whether it did. */
export async function standIn(
  answerRest: (response: ServerResponse, index: number) => boolean = () => false,
  apiKey = API_KEY,
): Promise<StandIn> {
  const faults: string[] = [];
  const sessions: Record<string, unknown>[] = [];
  const updates: Record<string, unknown>[] = [];
  const spans: EventSpan[] = [];
  let rest = 0;
  const take = (request: SeenRequest): unknown => {
    const { method, path, headers, body } = request;
    if (headers['hh-sdk-language'] !== 'typescript') faults.push('no hh-sdk-language');
    if (!headers['hh-sdk-version'] || !headers['hh-sdk-package']) faults.push('no SDK version or package');
    switch (`${method} ${path}`) {
      case 'POST /session/start': {
        const { session } = JSON.parse(body.toString());
        checkBody(session, SESSION, ['project', 'session_name', 'source'], 'session_id', faults);
        sessions.push(session);
        return { session_id: session.session_id };
      }
      case 'PUT /events': {
        const update = JSON.parse(body.toString());
        checkBody(update, UPDATE, [], 'event_id', faults);
        updates.push(update);
        return { success: true };
      }
      case 'POST /opentelemetry/v1/traces':
        for (const span of spansOf(body)) spans.push(checkSpan(span, faults));
        return undefined;
      default:
        faults.push(`no such call: ${method} ${path}`);
        return undefined;
    }
  };
  const server = await receive((response, index) => {
    const request = server.requests[index];
    if (!request.path.startsWith('/opentelemetry') && answerRest(response, rest++)) return;
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      response.writeHead(401).end();
      return;
    }
    const answer = take(request);
    if (answer === undefined) response.end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const one = (name: string): EventSpan => {
    const named = spans.filter((span) => span.name === name);
    if (named.length !== 1) {
      throw new Error(`expected one span "${name}", got ${spans.map((span) => span.name)}`);
    }
    return named[0];
  };
  const url = `http://127.0.0.1:${server.port}`;
  return { url, faults, sessions, updates, spans, requests: server.requests, one };
}

function checkBody(
  body: Record<string, unknown>,
  known: readonly string[],
  texts: readonly string[],
  id: string,
  faults: string[],
): void {
  for (const name of Object.keys(body)) if (!known.includes(name)) faults.push(`unknown member ${name}`);
  for (const name of texts) if (typeof body[name] !== 'string') faults.push(`${name} is no string`);
  if (!UUID.test(String(body[id]))) faults.push(`${id} is no UUID: ${body[id]}`);
  for (const name of GROUPS) {
    const isObject = typeof body[name] === 'object' && !Array.isArray(body[name]) && body[name] !== null;
    if (body[name] !== undefined && !isObject) faults.push(`${name} is no object`);
  }
}

function spansOf(body: Buffer): OtlpSpan[] {
  return readExportTraceServiceRequest([body]).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );
}

/** What the Python SDK (1.5) lists as must: a span without is refused. */
function checkSpan(span: OtlpSpan, faults: string[]): EventSpan {
  const plain = plainAttributes(span.attributes);
  const session = String(plain['traceloop.association.properties.session_id']);
  const must = (is: boolean, what: string): void => {
    if (!is) faults.push(`${span.name}: ${what}`);
  };
  must(UUID.test(session), `session_id is no UUID: ${session}`);
  must(TYPES.includes(String(plain.honeyhive_event_type)), `event_type: ${plain.honeyhive_event_type}`);
  must(typeof plain.honeyhive_event_name === 'string', 'no event_name');
  must(typeof plain['traceloop.association.properties.source'] === 'string', 'no source');
  must(typeof plain['traceloop.association.properties.project'] === 'string', 'no project');
  return { ...span, plain, session };
}
