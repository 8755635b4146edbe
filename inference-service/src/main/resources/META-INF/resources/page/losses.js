// Losses in plain words.

/** The protocols of a loss, the one that tells most about a generated text first. */
const PROTOCOLS = {
  documents: "Each document is read from its beginning; every character of it counts",
  "carried-64": "64 readers share the text, and each keeps its memory from its first character to its last",
  "windows-256": "The text is cut into windows of 256 characters, and the memory is empty at the start of each",
};

/** Returns the names of the measured protocols, the one that tells most first. */
export function protocols(names) {
  const rank = (name) => Object.keys(PROTOCOLS).findIndex((known) => name.startsWith(known));
  return [...new Set(names)].sort((a, b) => (rank(a) + 9) % 9 - (rank(b) + 9) % 9 || a.length - b.length);
}

/** Returns the loss that tells most about a generated text, with its protocol, or null. */
export function best(byProtocol) {
  const [protocol] = protocols(Object.keys(byProtocol ?? {}));
  return protocol === undefined ? null : { protocol, nats: byProtocol[protocol] };
}

/** Returns how a loss was measured, as a sentence. */
export function explain(protocol) {
  const name = Object.keys(PROTOCOLS).find((known) => protocol.startsWith(known));
  if (name === undefined) {
    return "This page does not know this way of measuring";
  }
  const sample = /-sample-(\d+)$/.exec(protocol);
  return PROTOCOLS[name] + (sample ? `; only ${sample[1]} evenly spaced windows were read` : "");
}

/** Returns what a loss means for a person. */
export const unsure = (nats) => `as unsure as choosing among ${Math.exp(nats).toFixed(1)} characters`;
