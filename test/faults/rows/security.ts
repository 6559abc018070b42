import type { FaultRow } from '../row.ts';

export const SECURITY: readonly FaultRow[] = [
  {
    id: 'security-secrets',
    fault: 'A receiver echoes what it was sent: five secrets, in nineteen forms',
    promise:
      'No header value, password or key of the address, nor twelve letters of one in a row, in any log level, error, ' +
      '`inspect()`, metric or exit line.',
    tests: [
      'faults/secret-canary.test.ts: a server that echoes > 40 exports let out none of five secrets',
      'faults/secret-canary.test.ts: a server that echoes > in %s mode, nothing of a provider shows one: messages, numbers, metrics, inspect',
      'faults/secret-canary.test.ts: what goes wrong before a request is made shows no secret > %s',
      'faults/secret-canary.test.ts: the last lines of a program that fails show none, at any level of the log',
      'secrets.test.ts: in %s > no secret is shown that is echoed %s',
    ],
    note: 'The errors are what an exporter hands to its processor, which logs them.',
  },
  {
    id: 'security-redirects',
    fault: 'A receiver answers with a redirect, to five kinds of addresses',
    promise: 'No request and no header reaches the address; the span is counted as failed.',
    tests: [
      'faults/redirects.test.ts: 25 redirects are followed by no request, and every span is reported as lost',
      'otlp-http.test.ts: an answer > a redirect of %i is not followed',
    ],
  },
  {
    id: 'security-plain-text',
    fault: 'A key is configured for plain http, or certificates for an address that uses none',
    promise: 'One warning for each host but this one, whichever way the key or the address was given.',
    tests: [
      'otlp-trace-exporter.test.ts: the endpoint > %s with a key is named',
      'otlp-trace-exporter.test.ts: the endpoint > in plain text to another host, %s is named',
      'tls-files.test.ts: TLS > certificates for %s',
    ],
  },
  {
    id: 'security-tls-files',
    fault: 'A certificate or a key is absent, damaged, of another pair, or stands where its path belongs',
    promise: 'Nothing is sent, one error names the variable and the file, and none of the content is shown.',
    tests: [
      'tls-files.test.ts: TLS > cannot start with > %s',
      'tls-files.test.ts: TLS > cannot start with > %s where its path belongs, and shows none of it',
      'tls-files.test.ts: TLS > cannot start with > init says so, and tracing is off',
      'tls-files.test.ts: TLS > neither file is in what inspect() shows of the exporter or its transport, connected',
    ],
    unmeasured:
      'Asserted for each of 19 faults: tracing does not start. What reaches a server is in "Real servers", TLS and mTLS.',
    noUpstream: 'Its figure is there: it warns and goes on without the file.',
  },
  {
    id: 'security-forged-lines',
    fault: 'Text from outside holds line breaks, terminal commands or marks that turn a line around',
    promise:
      'One line a message, without any of the 79 characters; 512 characters of what a receiver or a foreign exporter says.',
    tests: [
      'diagnostics.test.ts: without a diag logger > no character that could forge a line or turn it around is printed, wherever it stands',
      'partial-success.test.ts: readPartialSuccess > a message becomes one line of at most 512 units, not cut inside a character',
      'faults/forged-lines.test.ts: an answer of all characters that could forge a line is printed without any of them',
      'faults/secret-canary.test.ts: what an exporter of another make says is one short line, in the log and in the numbers',
    ],
    note: 'The figures are of an answer of 400 that holds all of them. opentelemetry-js escapes those below U+0020 in JSON; its messages are those for a logger, and without one it prints nothing.',
  },
  {
    id: 'security-proto-keys',
    fault: 'Keys such as `__proto__` in attributes, baggage, headers, options and variables',
    promise: 'Every key is carried as data, and no prototype changes.',
    tests: [
      'proto-keys.test.ts: attributes, of spans, events, links, scopes and resources > are carried in $mode mode of the $engine engine',
      'proto-keys.test.ts: names in configuration > of headers are kept, whatever holds them',
      'proto-keys.test.ts: what comes with a request > is baggage and trace state by any name',
    ],
  },
  {
    id: 'security-supply-chain',
    fault: 'A package among those that an installation brings is taken over',
    promise:
      'This package and the API, no install script, no code from text, a core whose hash a build gives again.',
    tests: [
      'supply-chain.test.ts: the package > depends on nothing but the API, which the program brings',
      'supply-chain.test.ts: the package > runs nothing when it is installed',
      'supply-chain.test.ts: what it is built into > sends where code from text is forbidden, by the %s engine',
      'wasm-module.test.ts: the build > gives the same bytes again, and what ships is the optimizer output',
    ],
    note: 'Beside the API, which both need. Upstream: the SDK, its context manager and the exporter for protobuf.',
  },
];
