/** Words, sentences and numbers, as the retriever and the stand-in model see them. */

const STOP_WORDS = new Set(
  `a about all also an and any anything are as at be because been behind but by can come could did do does
  each few for from go goes had has have how if in into is it its just less long many may more most much no
  not of off on one only or other our out over per should so some such than that the their them then there
  these they this those through to too under up us very was we were what when where which while who why
  will with would you your`.split(/\s+/),
);

/** A suffix stripper of four rules: enough to let `bees` find `bee` and `dancing` find `dance`. */
export function stem(word) {
  return word
    .replace(/(?:'s|')$/, '')
    .replace(/(?<=\w{3})ies$/, 'y')
    .replace(/(?<=\w{3})(?:ing|ed|es|s)$/, '')
    .replace(/(?<=\w{2})e$/, '');
}

/** Stems of the words that carry meaning, in order, repeats kept. */
export function terms(text) {
  const words = text.toLowerCase().match(/[a-z0-9']+/g) ?? [];
  return words.filter((word) => !STOP_WORDS.has(word)).map(stem);
}

export function sentences(text) {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter(Boolean);
}

const NUMBER_WORDS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** Numbers in a text: digits, with or without commas between thousands, and words up to twelve. */
export function numbers(text) {
  const found = text.toLowerCase().match(/\d+(?:,\d{3})*(?:\.\d+)?|[a-z]+/g) ?? [];
  return found
    .map((word) => (/^\d/.test(word) ? Number(word.replaceAll(',', '')) : NUMBER_WORDS.indexOf(word)))
    .filter((value) => value >= 0);
}
