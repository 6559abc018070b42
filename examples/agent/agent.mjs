import { span, trace } from 'spandrel';
import { loadNotes, NoteIndex } from './retrieval.mjs';
import { createTools, toolDefinitions } from './tools.mjs';

const MODEL = 'notes-1';
const MAXIMUM_TURNS = 6;
const CORPUS = new URL('corpus/', import.meta.url);
const INSTRUCTIONS =
  'You answer questions from a small collection of notes. Search, read what looks useful, calculate when the ' +
  'question asks for a number, and name the notes you used.';

const CHAIN = { attributes: { 'openinference.span.kind': 'CHAIN' } };

/**
 * A research agent: the model asks for tools until it has enough, then streams its answer.
 *
 * @param client - an `OpenAI` client; its calls are traced by the OpenInference instrumentation
 * @param onText - receives the answer piece by piece
 * @returns an async function from a question to `{ answer, turns, toolCalls }`
 */
export function createAgent({ client, onText }) {
  return trace(
    async function researchAgent(question) {
      const index = await openNotes();
      const tools = createTools(index);
      const messages = [
        { role: 'system', content: INSTRUCTIONS },
        { role: 'user', content: question },
      ];
      let turns = 0;
      let toolCalls = 0;
      while (turns < MAXIMUM_TURNS) {
        turns += 1;
        const completion = await client.chat.completions.create({
          model: MODEL,
          messages,
          tools: toolDefinitions,
        });
        const { message } = completion.choices[0];
        messages.push(message);
        if (!message.tool_calls?.length) break;
        toolCalls += message.tool_calls.length;
        messages.push(...(await Promise.all(message.tool_calls.map((call) => answerCall(tools, call)))));
      }
      const answer = await writeAnswer(client, messages, onText);
      return { answer, turns, toolCalls };
    },
    { name: 'research_agent', attributes: { 'openinference.span.kind': 'AGENT' } },
  );
}

function openNotes() {
  const open = async (current) => {
    const notes = await loadNotes(CORPUS);
    current.setAttribute('notes.count', notes.length);
    return new NoteIndex(notes);
  };
  return span('open_notes', open, CHAIN);
}

/** Runs one tool call. A failing tool is an answer for the model, and an error on the tool's span. */
async function answerCall(tools, call) {
  let result;
  try {
    const run = tools[call.function.name];
    if (run === undefined) throw new RangeError(`there is no tool "${call.function.name}"`);
    result = await run(JSON.parse(call.function.arguments));
  } catch (error) {
    result = { error: String(error) };
  }
  return { role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) };
}

function writeAnswer(client, messages, onText) {
  const write = async (current) => {
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let answer = '';
    for await (const chunk of stream) {
      const text = chunk.choices[0]?.delta.content ?? '';
      answer += text;
      if (text !== '') onText(text);
      // The instrumentation records no usage for a streamed chat completion, so it is put on this span.
      if (chunk.usage) {
        current.setAttributes({
          'llm.token_count.prompt': chunk.usage.prompt_tokens,
          'llm.token_count.completion': chunk.usage.completion_tokens,
          'llm.token_count.total': chunk.usage.total_tokens,
        });
      }
    }
    return answer;
  };
  return span('write_answer', write, CHAIN);
}
