/** Colours and wrapping. Without a terminal, or with NO_COLOR set, plain text. */

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
// A pseudo terminal without a size reports 0 columns.
const WIDTH = Math.min(100, process.stdout.columns || 100);

function paint(code) {
  return (text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : String(text));
}

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const blue = paint(34);
export const magenta = paint(35);
export const cyan = paint(36);

export function line(text = '') {
  process.stdout.write(`${text}\n`);
}

export function heading(text) {
  line();
  line(bold(text));
}

/** A writer for text that arrives in pieces: wraps at word boundaries as it goes. */
export function createWrappingWriter() {
  let column = 0;
  let word = '';
  const putWord = () => {
    if (word === '') return;
    const fits = column + 1 + word.length <= WIDTH;
    const separator = column === 0 ? '' : fits ? ' ' : '\n';
    process.stdout.write(separator + word);
    column = separator === '\n' ? word.length : column + separator.length + word.length;
    word = '';
  };
  return {
    write(text) {
      const words = text.split(/\s/);
      words.forEach((part, position) => {
        if (position > 0) putWord();
        word += part;
      });
    },
    end() {
      putWord();
      process.stdout.write('\n');
    },
  };
}
