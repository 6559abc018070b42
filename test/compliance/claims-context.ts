/** Claims about the sections Resource and Context Propagation. */
import { type Claims, no, yes } from './claims.ts';

export const RESOURCE: Readonly<Record<string, Claims>> = {
  '': {
    'Create from Attributes': yes([
      'resource.test.ts: attributes > simple values are kept; arrays are copied',
      'resource.test.ts: attributes > %s is left out and said',
    ]),
    'Create empty': yes(['resource.test.ts: merge > null changes nothing']),
    'Merge (v2)': yes([
      'resource.test.ts: merge > the other wins, even with empty text, and neither changes',
      'resource.test.ts: merge > schema URLs %j and %j give %j',
      'resource.test.ts: merge > ours and those of opentelemetry-js merge either way, with the same outcome',
    ]),
    'Retrieve attributes': yes([
      'resource.test.ts: merge > the other wins, even with empty text, and neither changes',
      'tracer-provider-resource.test.ts: the resource > is that of opentelemetry-js as well as ours',
    ]),
    'Default value for service.name': yes([
      'resource.test.ts: default resource > names the executable, the SDK and its version',
      'tracer-provider-resource.test.ts: the resource > names the SDK by default',
    ]),
    'Resource detector interface/mechanism': yes([
      'resource-detectors.test.ts: the detectors > %s finds what that of opentelemetry-js finds',
      'resource-detectors.test.ts: the detectors > ours run in opentelemetry-js, and theirs here',
      'resource-detectors.test.ts: detectResources > a detector that %s costs only its own attributes, and is named once',
      'resource-detectors.test.ts: detectResources > merges in order, later beats earlier, and schema URLs as resources do',
    ]),
    'Resource detectors populate Schema URL': yes([
      'compliance/resource.test.ts: the %s detector names the schema that its attributes follow, and a merge keeps it',
      'compliance/resource.test.ts: the detector of the environment names none: it does not know what it finds',
    ]),
  },
};

export const CONTEXT: Readonly<Record<string, Claims>> = {
  '': {
    'Create Context Key': yes(
      [
        'compliance/context.test.ts: in %s mode > a key is made by its name, and its value is in the context that was made with it, and in no other',
        'context.test.ts: a context with a span > setting and deleting values makes a new context and changes none',
      ],
      'By `createContextKey` of the API.',
    ),
    'Get value from Context': yes([
      'compliance/context.test.ts: in %s mode > a key is made by its name, and its value is in the context that was made with it, and in no other',
      'context.test.ts: a context with a span > shows the span to the API and to us, and keeps the values beside it',
      'context.test.ts: a context with a span > 1,000 frames deep, the value of the outermost context is still there',
    ]),
    'Set value for Context': yes([
      'compliance/context.test.ts: in %s mode > a key is made by its name, and its value is in the context that was made with it, and in no other',
      'context.test.ts: a context with a span > setting and deleting values makes a new context and changes none',
    ]),
    'Attach Context': yes(
      [
        'compliance/context.test.ts: in %s mode > a context is current in the function it is attached for, and detached after it, however it ends',
        'context.test.ts: attach > makes a context active from here on, until its token is disposed',
        'context.test.ts: the context manager > runs a function in a context, with this and arguments, and gives back what it returns',
        'context-propagation.test.ts: any program > shows the same span at the same point under both managers',
      ],
      'By `attach` of the context manager, which the API calls from 1.10 on, or around a function by `with`.',
    ),
    'Detach Context': yes([
      'compliance/context.test.ts: in %s mode > a context is current in the function it is attached for, and detached after it, however it ends',
      'context.test.ts: attach > a token gives back what was active when it was made, once',
      'context.test.ts: the context manager > restores the context when the function throws, and throws the same',
    ]),
    'Get current Context': yes([
      'compliance/context.test.ts: in %s mode > a context is current in the function it is attached for, and detached after it, however it ends',
      'context.test.ts: the context manager > follows await, promises, timers, microtasks and ticks',
      'context.test.ts: the context manager > keeps 100 interleaved tasks apart',
    ]),
    'Composite Propagator': yes([
      'propagation.test.ts: composite > carries trace context and baggage together',
      'propagation.test.ts: composite > runs all in order: the last one wins',
      'propagation.test.ts: composite > one that throws is named once, and the others still run',
    ]),
    'Global Propagator': yes([
      'compliance/propagators.test.ts: a propagator > registered with the API is the global one, for both directions',
      'init-global.test.ts: the global provider > is ours after init(): spans of the API are recorded, and headers carry them',
      'tracer-provider.test.ts: register > registers the provider, a context manager and the W3C propagators',
    ]),
    'TraceContext Propagator': yes([
      'trace-context-vectors.test.ts: traceparent > $name',
      'trace-context-vectors.test.ts: tracestate > $name',
      'propagation.test.ts: traceparent > what one side injects the other extracts, opentelemetry-js included',
    ]),
    'B3 Propagator': yes([
      'b3-propagator.test.ts: the single header > %s',
      'b3-propagator.test.ts: the several headers > %s',
      'b3-propagator.test.ts: what is sent > debug stays debug, whichever headers it came in, and for the children too',
      'b3-propagator.test.ts: beside opentelemetry-js > encoding %i: the same headers for the same spans',
    ]),
    'Jaeger Propagator': no(
      'Deprecated by the specification (pull request 4827) in favour of W3C Trace Context. Any propagator of another make may be registered instead.',
      [
        'config-options.test.ts: propagators > what the specification names and this package does not have is named in the warning',
      ],
    ),
    'OT Propagator': no(
      'Deprecated by the specification (pull request 4851). Any propagator of another make may be registered instead.',
      [
        'config-options.test.ts: propagators > what the specification names and this package does not have is named in the warning',
      ],
    ),
    'OpenCensus Binary Propagator': no(
      'A binary header for OpenCensus, which has ended; the API for JavaScript has text maps only.',
    ),
    TextMapPropagator: yes([
      'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
      'compliance/propagators.test.ts: a propagator > that finds nothing leaves the context as it was',
      'propagation.test.ts: traceparent > no text whatsoever throws, and what is accepted is a valid version 00 header again',
    ]),
    Fields: yes([
      'propagation.test.ts: traceparent > names its fields',
      'b3-propagator.test.ts: the names > fields are those of the encoding',
      'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
    ]),
    'Setter argument': yes([
      'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
    ]),
    'Getter argument': yes([
      'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
    ]),
    'Getter argument returning Keys': yes(
      [
        'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
        'environment-carrier.test.ts: reading > is from process.env, as it is at the time, and from nothing else',
      ],
      'The getter of the API has `keys`, and so has `EnvironmentGetter`; no propagator of this package needs it.',
    ),
    'Environment Variables as Context Propagation Carriers': yes([
      'environment-carrier.test.ts: names of variables > %j is %s',
      'environment-carrier.test.ts: writing > changes the object it was given, and neither the carrier nor process.env',
      'environment-carrier.test.ts: a child process > continues the trace of its parent, and its child the trace of it',
    ]),
  },
};
