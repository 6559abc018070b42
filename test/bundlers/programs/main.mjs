/** A program as a user would bundle it: it imports the package, and a module of it requires the package. */
import { init, shutdown, span, stats, trace } from 'spandrel';
import { engineOf } from './required.cjs';

init({ serviceName: 'bundled' });
// By an option: a bundler may rename the function, or leave it without a name.
const answer = trace(async (question) => span('look up', () => question.length), { name: 'answer' });
await answer('what is a spandrel?');
console.log(JSON.stringify({ engine: stats().engine, required: engineOf() }));
await shutdown();
