import { flush, init, span, stats } from 'spandrel';

export const dynamic = 'force-dynamic';

export async function GET() {
  if (stats().engine === 'none') init({ serviceName: 'next' });
  span('request', () => {});
  await flush();
  return Response.json({ engine: stats().engine });
}
