// A model on loopback that takes as long as it is told, and a stand-in for the services that rivals report to: any other
// path answers with what keeps their clients going. Ends with the bench, or after ten minutes.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://model');
  if (url.pathname === '/model') {
    setTimeout(() => response.end('{"answer":"ok"}'), Number(url.searchParams.get('ms')));
    return;
  }
  const id = '00000000-0000-4000-8000-000000000000';
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    const one = {
      id,
      name: 'bench',
      tenant_id: id,
      status: 'ok',
      data: [],
      items: [],
      start_time: '2026-01-01T00:00:00Z',
    };
    // Lists are asked for by their name, single things by an id.
    const isList = request.method === 'GET' && !/[0-9a-f-]{36}$|\/info$/.test(url.pathname);
    response.end(JSON.stringify(isList ? [one] : one));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.on('disconnect', () => process.exit());
setTimeout(() => process.exit(), 600_000).unref();
