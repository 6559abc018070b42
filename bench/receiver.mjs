/**
 * A child process that takes OTLP/HTTP posts and answers each as soon as its last byte is in. Over the IPC
 * channel it tells its port once, and on every message the requests and body bytes since the last one.
 * It ends with its parent.
 */
import { createServer } from 'node:http';

let requests = 0;
let bytes = 0;

const server = createServer((request, response) => {
  request.on('data', (chunk) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    requests++;
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 0 });
    response.end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', () => {
  process.send({ requests, bytes });
  requests = 0;
  bytes = 0;
});
process.on('disconnect', () => process.exit(0));
