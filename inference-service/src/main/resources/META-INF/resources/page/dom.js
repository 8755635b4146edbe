// Everything that is shown goes through textContent: nothing that was typed or written is ever read as HTML.

export const byId = (id) => document.getElementById(id);

/** An element with properties and children; text becomes text. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Shows a sentence about what went wrong, or takes it away. */
export function tellProblem(error) {
  const place = byId("problem");
  place.hidden = !error;
  place.textContent = error ? error.message : "";
}

/** How a character is named where it cannot be seen. */
export const visible = (character) => ({ "\n": "⏎ line break", " ": "␣ space", "\t": "⇥ tab" })[character] ?? character;
