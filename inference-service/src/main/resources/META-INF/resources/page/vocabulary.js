// The characters that a model knows.

/** Characters that look alike; a model that lacks one often knows the other. */
const SIMILAR = {
  "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'", "“": "\"", "”": "\"", "„": "\"", "«": "\"", "»": "\"",
  "–": "-", "—": "-", "−": "-", "…": "...", "\t": " ", "\u00a0": " ", "\r": "", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o",
};

/** Returns a text in which each unknown character is replaced by similar ones, or left out if there are none. */
export function replaceUnknown(text, characters) {
  const known = new Set(characters);
  const all = (candidate) => [...candidate].every((character) => known.has(character));
  const similar = (character) => {
    const base = character.normalize("NFKD").replace(/\p{M}/gu, "");
    return [character, SIMILAR[character], base, base.toLowerCase(), base.toUpperCase(), ""]
      .find((candidate) => candidate !== undefined && all(candidate));
  };
  return [...text].map(similar).join("");
}

/** Returns the characters in a few words: runs of letters and digits are shortened. */
export function inWords(characters) {
  const printed = characters.filter((character) => character.trim() !== "");
  const ranges = [];
  for (const character of printed) {
    const last = ranges.at(-1);
    const isNext = last && character.codePointAt(0) === last.end.codePointAt(0) + 1;
    const joins = isNext && /^[\p{L}\p{N}]{2}$/u.test(last.begin + character);
    if (joins) {
      last.end = character;
    } else {
      ranges.push({ begin: character, end: character });
    }
  }
  const names = { "\n": "line break", " ": "space", "\t": "tab" };
  const white = characters.filter((character) => character in names).map((character) => names[character]);
  const texts = ranges.map(({ begin, end }) =>
    (begin === end ? begin : end.codePointAt(0) === begin.codePointAt(0) + 1 ? `${begin} ${end}` : `${begin} to ${end}`));
  const MOST = 60;
  const rest = texts.length > MOST ? [`and ${(texts.length - MOST).toLocaleString()} more`] : [];
  return [...white, ...texts.slice(0, MOST), ...rest].join(" ");
}
