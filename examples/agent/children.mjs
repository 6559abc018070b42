import { fork } from 'node:child_process';

const START_DEADLINE_MS = 10_000;
const REPORT_DEADLINE_MS = 5_000;

/** Starts one of the servers beside this file as a child process and waits until it listens. */
export async function startServer(file) {
  const child = fork(new URL(file, import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const { url } = await nextMessage(child, START_DEADLINE_MS, `${file} to listen`);
    return { child, url };
  } catch (error) {
    await stopServer({ child });
    throw error;
  }
}

/** Asks the receiver what it has decoded. */
export function askReport(receiver) {
  receiver.child.send('report');
  return nextMessage(receiver.child, REPORT_DEADLINE_MS, 'the report of the receiver');
}

/** Ends the child, and only it, by the handle that holds its pid. */
export async function stopServer({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}

function nextMessage(child, deadlineMs, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error(`waited ${deadlineMs} ms for ${what}`)), deadlineMs);
    const onMessage = (message) => finish(undefined, message);
    const onExit = (code) => finish(new Error(`waited for ${what}, but the process exited with ${code}`));
    function finish(error, message) {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      if (error) reject(error);
      else resolve(message);
    }
    child.once('message', onMessage);
    child.once('exit', onExit);
  });
}
