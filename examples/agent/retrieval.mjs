import { readdir, readFile } from 'node:fs/promises';
import { terms } from './text.mjs';

// The usual constants of Okapi BM25: saturation of repeated words, and how much length is held against a note.
const SATURATION = 1.2;
const LENGTH_WEIGHT = 0.75;

/** Reads every `.txt` of a folder. The first line is the title, the file name the id. */
export async function loadNotes(folder) {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort();
  return Promise.all(
    files.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8');
      const [title, ...rest] = text.split('\n');
      return { id: name.slice(0, -'.txt'.length), title, text: rest.join('\n').trim() };
    }),
  );
}

/** Ranks notes by BM25. `search` is synchronous: everything is in memory. */
export class NoteIndex {
  constructor(notes) {
    this.notes = new Map(notes.map((note) => [note.id, note]));
    this.counts = new Map();
    this.documentFrequency = new Map();
    for (const note of notes) {
      const counts = new Map();
      // Twice the title: a note about bees is a better answer than one that mentions them.
      for (const term of terms(`${note.title} ${note.title} ${note.text}`)) {
        counts.set(term, (counts.get(term) ?? 0) + 1);
      }
      for (const term of counts.keys()) {
        this.documentFrequency.set(term, (this.documentFrequency.get(term) ?? 0) + 1);
      }
      this.counts.set(note.id, counts);
    }
    this.lengths = new Map([...this.counts].map(([id, counts]) => [id, sum(counts.values())]));
    this.averageLength = sum(this.lengths.values()) / Math.max(1, this.lengths.size);
  }

  search(query, limit = 3) {
    const wanted = [...new Set(terms(query))];
    return [...this.notes.values()]
      .map((note) => ({ id: note.id, title: note.title, score: round(this.score(note.id, wanted)) }))
      .filter((hit) => hit.score > 0)
      .sort((a, b) => b.score - a.score || a.id.localeCompare(b.id))
      .slice(0, limit);
  }

  score(id, wanted) {
    const counts = this.counts.get(id);
    const lengthFactor = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * (this.lengths.get(id) / this.averageLength);
    let total = 0;
    for (const term of wanted) {
      const count = counts.get(term) ?? 0;
      if (count === 0) continue;
      const documents = this.documentFrequency.get(term);
      const rarity = Math.log(1 + (this.notes.size - documents + 0.5) / (documents + 0.5));
      total += (rarity * count * (SATURATION + 1)) / (count + SATURATION * lengthFactor);
    }
    return total;
  }
}

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
