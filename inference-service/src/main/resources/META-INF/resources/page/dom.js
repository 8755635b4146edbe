// The page shows text only through textContent, so the browser never parses user input or generated text as HTML.

export const byId = (id) => document.getElementById(id);

/** Creates an element with properties and children; a string becomes a text node. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Shows the message of an error, or hides it if there is none. */
export function showProblem(error) {
  const place = byId("problem");
  place.hidden = !error;
  place.textContent = error ? error.message : "";
}

/** Returns a character, or a name for white space. */
export const visible = (character) => ({ "\n": "⏎ line break", " ": "␣ space", "\t": "⇥ tab" })[character] ?? character;
